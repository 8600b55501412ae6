import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DevServer } from './dev-server.ts'
import { type InterviewResult, interview } from './interview.ts'
import { killPlan } from './kill-plan.ts'
import { killRunning, MillraceProcess } from './millrace-process.ts'
import { prepare } from './prepare.ts'
import { naiveQuestions, publishedQuestions } from './question.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { type Stage, Stopwatch } from './stopwatch.ts'
import { type Killed, stream } from './streaming.ts'

const DEFS = fileURLToPath(new URL('feature-defs', import.meta.url))

/** When the load of the archive is killed: from about when it begins to send. */
const LOAD_KILLED_MS_MIN = 800
const LOAD_KILLED_MS_MAX = 4_000

export interface ProofOptions {
  /** The data set: a folder with `raw` and `sample`. */
  readonly handbook: string
  /** An empty folder, for the prepared files and millrace's data. */
  readonly work: string
  /** What happened before this instant goes into the archive, epoch milliseconds. */
  readonly cut_ms: number
  /** The stream begins so much before the cut. */
  readonly overlap_ms: number
  /** The stream comes in random order. */
  readonly shuffle: boolean
  /** Share of the stream that comes twice, 0 to 1. */
  readonly duplicate: number
  /** How often something is killed while the stream is read, besides once while the archive is loaded. */
  readonly kills: number
  readonly seed: number
  readonly tell: (text: string) => void
}

export interface ProofResult {
  readonly stages: readonly Stage[]
  readonly kills: readonly Killed[]
  /** Questions with published answers, and with answers of a naive loop over the raw files. */
  readonly published: InterviewResult
  readonly naive: InterviewResult
  /** Published rows that do not see another transaction of their customer and second. */
  readonly leftOut: number
  /** Nothing was wrong. */
  readonly ok: boolean
}

/**
 * Loads what came before the cut into the archive, fills the timelines from it, streams the rest, and compares what is served
 * with what was published: all through the command line and the HTTP API, as anyone would.
 */
export async function prove(options: ProofOptions): Promise<ProofResult> {
  try {
    return await run(options)
  } finally {
    killRunning()
  }
}

async function run(options: ProofOptions): Promise<ProofResult> {
  const { handbook, work, cut_ms, overlap_ms, shuffle, duplicate, kills, seed, tell } = options
  const raw = join(handbook, 'raw')
  const sample = join(handbook, 'sample')
  const data = join(work, 'data')
  const archiveFile = join(work, 'archive.ndjson')
  const streamFile = join(work, 'stream.ndjson.gz')
  const ingest = ['ingest', 'transactions', '--defs', DEFS, '--data', data]
  const random = seededRandom(seed)
  const watch = new Stopwatch(tell)
  mkdirSync(work, { recursive: true })
  if (readdirSync(work).length > 0) throw new Error(`--work: ${work} is not empty: give a new folder`)

  // All that takes seconds without a pause comes before any server runs: connections would go stale meanwhile.
  const { questions, leftOut } = publishedQuestions(sample)
  const others = naiveQuestions(raw, sample, random)
  const { lines: archived } = await prepare({ raw, out: archiveFile, until_ms: cut_ms })
  const from_ms = cut_ms - overlap_ms
  const { lines, bytes } = await prepare({ raw, out: streamFile, from_ms, shuffle, duplicate, seed })

  await watch.time('load the archive', archived, () =>
    loadArchive([...ingest, archiveFile, '--archive'], kills > 0, random, tell),
  )
  const dev = new DevServer(DEFS, data)
  dev.launch()
  await dev.ready()
  // With kills it is not waited for: then it is interrupted, too.
  if (kills === 0) await watch.time('backfill', archived, () => dev.until(({ complete }) => complete))
  const killed = await watch.time('stream', lines, () =>
    stream({
      dev,
      ingest: [...ingest, streamFile],
      bytes,
      log: join(data, 'log'),
      kills: killPlan(kills, random),
      tell,
    }),
  )
  const end = await watch.time('carry to the end', lines, () =>
    dev.until((now) => now.complete && now.streamed === now.logged && now.archived === now.logged),
  )
  if (end.logged < lines) throw new Error(`${lines} lines were acknowledged, and only ${end.logged} are in the log`)
  if (end.quarantined > 0) throw new Error(`${end.quarantined} events are in quarantine`)

  const published = await watch.time('ask what was published', questions.length, () => interview(dev.url, questions))
  const naive = await watch.time('ask everyone, edges and ties', others.length, () => interview(dev.url, others))
  await dev.stop()
  const ok = published.mismatches === 0 && naive.mismatches === 0
  return { stages: watch.stages, kills: killed, published, naive, leftOut, ok }
}

/** Loads the archive file; with `interrupted`, it is killed at a random moment first, and called again. */
async function loadArchive(
  args: readonly string[],
  interrupted: boolean,
  random: SeededRandom,
  tell: (text: string) => void,
): Promise<void> {
  if (interrupted) {
    const first = new MillraceProcess(args)
    const later_ms = LOAD_KILLED_MS_MIN + random.below(LOAD_KILLED_MS_MAX - LOAD_KILLED_MS_MIN)
    await Promise.race([sleep(later_ms), first.exited])
    if (first.exit === null) {
      tell(`kill -9 of the load of the archive, after ${later_ms} ms`)
      await first.kill()
    }
  }
  await new MillraceProcess(args).succeed()
}
