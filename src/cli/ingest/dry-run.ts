import { EventError } from '../../features/event-error.ts'
import type { ParsedEvent, SourceModel } from '../../features/model.ts'
import { type EventChunk, LOG_LIMITS } from './event-chunk.ts'
import { inputChunks, type Reading } from './input-chunks.ts'
import { jsonLine } from './json-line.ts'
import { BEGINNING, type Position } from './record-splitter.ts'
import { RejectionCounts, type RejectionReason } from './rejection-counts.ts'

/** What an ingest of a file would do. */
export interface DryRunReport {
  readonly good: number
  readonly bad: number
  /** By how often they come. */
  readonly reasons: readonly RejectionReason[]
  /** Names of the file that nothing is read from; of JSON, those of valid events. */
  readonly unused: readonly string[]
  /** Columns of the source that no valid event has a value for. */
  readonly alwaysNull: readonly string[]
  /** Event times of the valid events, the first and the last; null where there is none. */
  readonly times_ms: readonly [number, number] | null
  /** It was read to its end, which `--limit` or Ctrl-C may have prevented. */
  readonly whole: boolean
  readonly interrupted: boolean
}

export interface DryRunTask extends Reading {
  readonly road: 'log' | 'archive'
}

export interface DryRunWatch {
  readonly signal: AbortSignal
  onProgress(good: number, bad: number, position: Position): void
  onNote(text: string): void
}

/** Most names of fields that are kept: JSON may have keys that are data. */
const UNUSED_MAX = 100

/**
 * Reads an input as an ingest would, up to so many rows, and judges every one by the parser that judges it there. Nothing is
 * written. Throws a CommandError where the file cannot be one of the source's events.
 */
export async function dryRun(reading: DryRunTask, limit: number | null, watch: DryRunWatch): Promise<DryRunReport> {
  const { source, input } = reading
  const judge = judgeOf(reading)
  const { signal, onNote, onProgress } = watch
  const rejected = new RejectionCounts()
  const seen = new EventSummary(source)
  const unused = new Set<string>()
  const options = {
    limits: LOG_LIMITS,
    from: BEGINNING,
    archivedThrough: null,
    signal,
    onNote,
    onUnused: (names: readonly string[]) => {
      for (const name of names) unused.add(name)
    },
  }
  let rows = 0
  let good = 0
  let cut = false
  for await (const chunk of inputChunks(reading, options)) {
    for (const { line, text, reason } of rowsOf(chunk)) {
      cut = rows === limit
      if (cut) break
      rows++
      const judged = reason ?? judge(text)
      if (typeof judged === 'string') rejected.add(line, judged)
      else {
        for (const event of judged.events) seen.add(event)
        good++
        if (input.format === 'ndjson') addUnused(unused, source, judged.value)
      }
    }
    if (cut) break
    onProgress(good, rejected.count, chunk.end)
  }
  return {
    good,
    bad: rejected.count,
    reasons: rejected.reasons(),
    unused: [...unused].sort(),
    alwaysNull: seen.alwaysNull(),
    times_ms: seen.times_ms,
    whole: !cut && !signal.aborted,
    interrupted: signal.aborted,
  }
}

interface Row {
  readonly line: number
  readonly text: string
  /** Why it is no event, where that is known before the parser sees it. */
  readonly reason: string | null
}

/** The rows of a chunk in the order of the file. */
function rowsOf({ lines, body, refused }: EventChunk): Row[] {
  const texts = lines.length === 0 ? [] : Buffer.from(body).toString('utf8').split('\n')
  const rows: Row[] = lines.map((line, i) => ({ line, text: texts[i]!, reason: null }))
  return refused.length === 0 ? rows : [...rows, ...refused].sort((a, b) => a.line - b.line)
}

interface Judged {
  /** More than one where the source decodes a message that has several. */
  readonly events: readonly ParsedEvent[]
  /** The JSON of the line; null where it is a message that the source decodes. */
  readonly value: unknown
}

/** What the road makes of a line: its events, or why there are none. */
function judgeOf({ source, road }: DryRunTask): (text: string) => Judged | string {
  const asMessage = road === 'log' && (source.decoded || source.where !== null)
  const encoder = new TextEncoder()
  return (text) => {
    // What is decoded may be no JSON: its decode says.
    const value = road === 'log' && source.decoded ? null : jsonLine(text)
    if (value instanceof Error) return value.message
    try {
      if (asMessage) return { value, events: source.rawMessages.readSent(encoder.encode(text)) }
      return { value, events: [source.rawParser.parse(value)] }
    } catch (error) {
      if (error instanceof EventError) return error.message
      throw error
    }
  }
}

function addUnused(unused: Set<string>, { raw, where }: SourceModel, event: unknown): void {
  for (const name of Object.keys(event ?? {})) {
    if (unused.size >= UNUSED_MAX) return
    if (name !== where?.field && !raw.some((column) => column.name === name)) unused.add(name)
  }
}

/** What valid events have in common. */
class EventSummary {
  readonly #source: SourceModel
  readonly #filled: boolean[]
  #first_ms = Number.POSITIVE_INFINITY
  #last_ms = Number.NEGATIVE_INFINITY
  count = 0

  constructor(source: SourceModel) {
    this.#source = source
    this.#filled = source.raw.map(() => false)
  }

  add({ values, time_ms }: ParsedEvent): void {
    this.count++
    this.#first_ms = Math.min(this.#first_ms, time_ms)
    this.#last_ms = Math.max(this.#last_ms, time_ms)
    for (let i = 0; i < values.length; i++) if (values[i] !== null) this.#filled[i] = true
  }

  get times_ms(): readonly [number, number] | null {
    return this.count === 0 ? null : [this.#first_ms, this.#last_ms]
  }

  alwaysNull(): string[] {
    if (this.count === 0) return []
    return this.#source.raw.filter((_, i) => !this.#filled[i]).map(({ name }) => name)
  }
}
