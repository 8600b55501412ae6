import { createHash, randomUUID } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CommandError } from '../command-error.ts'
import { ProcessLock } from '../process-lock.ts'
import type { Backend } from '../request.ts'
import { UsageError } from '../usage-error.ts'
import type { ChunkLimits, EventChunk } from './event-chunk.ts'
import { IngestLedger } from './ingest-ledger.ts'
import { type IngestState, readState } from './ingest-state.ts'
import { inputChunks, type Reading } from './input-chunks.ts'
import { following } from './record-blocks.ts'
import { BEGINNING, type Refusal } from './record-splitter.ts'
import { archiveRoad, type ChunkAnswer, logRoad, type Road } from './road.ts'

export interface IngestTask extends Reading {
  readonly road: 'log' | 'archive'
  readonly data: string
  /** Where rejected lines go; null: beside the input. */
  readonly rejectedFile: string | null
  /** Also where the input was ingested to its end before. */
  readonly again: boolean
  /** Null: those of the road. Tests take small ones, to be broken off in many places. */
  readonly limits: ChunkLimits | null
}

export interface IngestWatch {
  /** Breaks off between two chunks: what was acknowledged is noted. */
  readonly signal: AbortSignal
  onProgress(state: IngestState): void
  onNote(text: string): void
}

export interface IngestReport {
  readonly state: IngestState
  /** Nothing was done: an earlier run had come to the end of this input. */
  readonly doneBefore: boolean
  /** The line that an earlier run had come to; 0: there was none. */
  readonly resumedAt: number
  readonly interrupted: boolean
  readonly firstRefusals: readonly Refusal[]
}

/**
 * Sends the events of an input. A run that was broken off, however rudely, is gone on with by the next one of the same input,
 * source and road; events that were sent twice by that count once.
 */
export async function ingest(task: IngestTask, backend: Backend, watch: IngestWatch): Promise<IngestReport> {
  const { input, source, data } = task
  const name = fingerprintOf(task)
  const folder = join(data, 'ingest')
  const stateFile = input.fingerprint === null ? null : join(folder, `${name}.json`)
  mkdirSync(folder, { recursive: true })
  const lock = await ProcessLock.acquire(join(folder, `${name}.lock`), `ingest ${source.name} ${input.name}`)
  if (!(lock instanceof ProcessLock)) {
    throw new CommandError('INGEST_RUNNING', `process ${lock.pid} is ingesting ${input.name} into ${source.name}`, {
      cure: 'wait until it is done',
    })
  }
  try {
    const found = stateFile === null ? null : readState(stateFile)
    if (found !== null && found.finishedAt !== null && !task.again) {
      return { state: found, doneBefore: true, resumedAt: 0, interrupted: false, firstRefusals: [] }
    }
    const road = task.road === 'log' ? logRoad(backend, source) : archiveRoad(backend, source, `file/${name}`)
    return await send(task, road, stateFile, found, watch)
  } finally {
    lock.release()
  }
}

/** What earlier runs have noted of the same task; null: there was none, or the input cannot be read again. */
export function earlierRun(task: IngestTask): IngestState | null {
  if (task.input.fingerprint === null) return null
  return readState(join(task.data, 'ingest', `${fingerprintOf(task)}.json`))
}

async function send(
  task: IngestTask,
  road: Road,
  stateFile: string | null,
  found: IngestState | null,
  watch: IngestWatch,
): Promise<IngestReport> {
  const { input } = task
  const arrived = await road.arrivedThrough()
  const unfinished = found !== null && found.finishedAt === null
  // What the road keeps account of and does not have is gone, whatever was noted here.
  const state = unfinished && (found.again || arrived !== 0) ? found : freshState(task, found !== null)
  const rejectedFile = rejectedFileOf(task, state)
  const ledger = new IngestLedger(stateFile, { ...state, file: input.name }, rejectedFile)
  const resumedAt = state.position.line
  try {
    const archivedThrough = task.road === 'log' ? null : state.again ? 0 : (arrived ?? 0)
    const { position } = state
    const limits = task.limits ?? road.limits
    const chunks = inputChunks(task, { limits, from: position, archivedThrough, ...watch })
    // A file that cannot be one of the source's events shows that before its first chunk: then nothing is begun.
    const first = await chunks.next()
    await road.begin()
    await sendChunks(first.done === true ? chunks : following(first.value, chunks), road, ledger, watch)
    const interrupted = watch.signal.aborted
    if (!interrupted) {
      await road.end()
      ledger.finish(new Date())
    }
    return { state: ledger.state, doneBefore: false, resumedAt, interrupted, firstRefusals: ledger.firstRefusals }
  } finally {
    ledger.close()
  }
}

/** Sends chunks, a few at once, and notes them in their order. */
async function sendChunks(
  chunks: AsyncIterable<EventChunk>,
  road: Road,
  ledger: IngestLedger,
  { signal, onProgress }: IngestWatch,
): Promise<void> {
  const underWay: { chunk: EventChunk; answer: Promise<ChunkAnswer> }[] = []
  const settleFirst = async (): Promise<void> => {
    const { chunk, answer } = underWay.shift()!
    ledger.settle(chunk, await answer)
    onProgress(ledger.state)
  }
  for await (const chunk of chunks) {
    while (underWay.length >= road.inFlight) await settleFirst()
    if (signal.aborted) break
    const answer = chunk.lines.length === 0 ? Promise.resolve({ accepted: 0, rejected: [] }) : road.send(chunk.body)
    // Its failure is met when it is awaited.
    answer.catch(() => {})
    underWay.push({ chunk, answer })
  }
  while (underWay.length > 0) await settleFirst()
}

/** Names what is done: the same content, by the same road, into the same source, read in the same way. */
function fingerprintOf({ source, road, input, delimiter, mapping, assumeUtc }: IngestTask): string {
  if (input.fingerprint === null) return `once-${randomUUID()}`
  const format = input.format === 'csv' ? `csv${delimiter}` : input.format
  const names = [...mapping.names].sort(([a], [b]) => (a < b ? -1 : 1))
  const constants = Object.entries(mapping.constants).sort(([a], [b]) => (a < b ? -1 : 1))
  const told = names.length + constants.length > 0 || assumeUtc
  const reading = told ? `${format}${JSON.stringify([names, constants, assumeUtc])}` : format
  return createHash('sha256')
    .update(`${source.name}/${road}/${reading}/${input.fingerprint}`)
    .digest('hex')
    .slice(0, 32)
}

function freshState({ input, source }: IngestTask, again: boolean): IngestState {
  return {
    file: input.name,
    source: source.name,
    position: BEGINNING,
    accepted: 0,
    rejected: 0,
    rejectedFile: null,
    rejectedBytes: 0,
    again,
    startedAt: new Date().toISOString(),
    finishedAt: null,
  }
}

/** Where rejected lines go: where an earlier run put them, else where the command says, else beside the input. */
function rejectedFileOf({ input, rejectedFile: asked, data }: IngestTask, state: IngestState): string {
  if (asked !== null && resolve(asked) === resolve(input.name)) {
    throw new UsageError(`--rejected: '${asked}' is the file that is ingested`, 'give another path')
  }
  if (state.rejectedFile !== null) {
    if (asked === null || resolve(asked) === state.rejectedFile) return state.rejectedFile
    throw new UsageError(
      `--rejected: '${asked}' is not where the run that is gone on with has its rejected lines`,
      `leave it out, or give ${state.rejectedFile}`,
    )
  }
  if (asked !== null) return resolve(asked)
  if (input.fingerprint !== null && isWritable(dirname(input.name))) return resolve(`${input.name}.rejected.ndjson`)
  const name = input.fingerprint === null ? `stdin-${Date.now()}` : basename(input.name)
  return resolve(data, 'ingest', `${name}.rejected.ndjson`)
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
