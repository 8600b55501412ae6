import type { SeededRandom } from './seeded-random.ts'

/** One `kill -9`. */
export interface Kill {
  /** The whole server, the server once more while it starts again, or the process that reads the file. */
  readonly victim: 'dev' | 'dev while it starts' | 'ingest'
  /** When: as soon as about so much of the stream, 0 to 1, is in the log, and so long after that. */
  readonly share: number
  readonly later_ms: number
  /** How long the server has to start before it is killed again. */
  readonly start_ms: number
}

/** Some of the kills are between two writes to the log, and some while the last ones are carried on. */
const LATER_MS_MAX = 100

/** About as long as a server needs to start and to begin its work. */
const START_MS_MAX = 2_500

/** Random moments, one in each of as many equal parts of a stream. The server is killed more often: there is more that it could lose. */
export function killPlan(count: number, random: SeededRandom): Kill[] {
  const victims = random.shuffle<Kill['victim']>(['dev', 'dev', 'dev while it starts', 'ingest'])
  return Array.from({ length: count }, (_, i) => ({
    victim: victims[i % victims.length]!,
    share: (i + random.next()) / count,
    later_ms: random.below(LATER_MS_MAX),
    start_ms: random.below(START_MS_MAX),
  }))
}
