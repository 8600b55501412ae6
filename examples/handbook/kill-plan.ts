import type { SeededRandom } from './seeded-random.ts'

/** One `kill -9`. */
export interface Kill {
  /** The whole server, the server while it starts, or the process that reads the file. */
  readonly victim: 'dev' | 'dev while it starts' | 'ingest'
  /** When: as soon as so much of the stream, 0 to 1, is in the log, and so long after that. */
  readonly share: number
  readonly later_ms: number
}

/** About as long as a server needs to start and to begin its work. */
const LATER_MS_MAX = { dev: 300, 'dev while it starts': 2_500, ingest: 300 }

/** Random moments of a stream, in order. The server is killed more often: there is more that it could lose. */
export function killPlan(count: number, random: SeededRandom): Kill[] {
  const victims = ['dev', 'dev', 'dev while it starts', 'ingest'] as const
  const kills = Array.from({ length: count }, (): Kill => {
    const victim = victims[random.below(victims.length)]!
    return { victim, share: random.next(), later_ms: random.below(LATER_MS_MAX[victim]) }
  })
  return kills.sort((a, b) => a.share - b.share)
}
