import type { AggregateDefinition, AggregateSpec, FeatureValue, Fold } from './aggregate.ts'
import { type FilterNode, filterColumns } from './filter.ts'
import { combine, compileMask } from './mask.ts'
import { PerFold } from './per-fold.ts'
import { RowColumns, type WantedColumn } from './row-columns.ts'
import { RowIndex } from './row-index.ts'
import type { RowSchemas } from './row-schema.ts'
import type { MaskFill, Rows } from './rows.ts'

/** One value to compute: an aggregate at one window. */
export interface PlanFeature {
  readonly spec: AggregateSpec
  readonly window_ms: number
  readonly delay_ms: number
}

/** A fold and the windows it serves, shortest first, all ending at the same instant. */
interface Track {
  readonly fold: Fold
  // Its methods, looked up once: there are as many classes of folds as aggregates, and to look a method up in whichever one it
  // is costs more than to call it.
  readonly reset: Fold['reset']
  readonly add: Fold['add']
  readonly value: Fold['value']
  readonly excludeCurrent: boolean
  readonly end: number
  readonly edges: readonly { readonly start: number; readonly slot: number }[]
}

/**
 * All features of one timeline, compiled: reads rows once and answers every value. Not re-entrant: its memory is reused by
 * the next read, so a result that must outlive it is copied out by the caller (values are, lists too).
 */
export class TimelinePlan implements Rows {
  at_ms = 0
  current = -1
  /** The rows of the last read are worth a compaction: out of order, or copies among them. */
  untidy = false
  readonly masks: Uint8Array[]
  readonly #index = new RowIndex()
  readonly #columns: RowColumns
  readonly #fills: readonly MaskFill[]
  readonly #tracks: readonly Track[]
  /** Distinct distances of window edges from the instant asked for, and the number of rows at or before each. */
  readonly #offsets: readonly number[]
  readonly #cuts: Uint32Array
  readonly #reach_ms: number

  /** `columnTypes` gives the types of the columns that specs name; `schemas` is the timeline's registry. */
  constructor(
    features: readonly PlanFeature[],
    columnTypes: (name: string) => WantedColumn['type'],
    schemas: RowSchemas,
    aggregates: ReadonlyMap<string, AggregateDefinition>,
  ) {
    const names = [...new Set(features.flatMap(({ spec }) => specColumns(spec)))]
    const columnOf = (name: string) => names.indexOf(name)
    this.#columns = new RowColumns(
      names.map((name) => ({ name, type: columnTypes(name) })),
      schemas,
    )
    // Mask 0 holds everywhere.
    const masks = new Map<string, number>()
    const fills: MaskFill[] = []
    const maskOf = (node: FilterNode | null, whole: MaskFill | null = null, of: readonly string[] = []): number => {
      if (node === null && whole === null) return 0
      const key = JSON.stringify([node, whole === null ? null : of])
      const known = masks.get(key)
      if (known !== undefined) return known
      const filter = node === null ? null : compileMask(node, this.#columns, columnOf)
      fills.push(filter !== null && whole !== null ? combine(true, [filter, whole]) : (filter ?? whole)!)
      masks.set(key, fills.length)
      return fills.length
    }
    const offsets = new Map<number, number>()
    const offsetOf = (ms: number): number => {
      if (!offsets.has(ms)) offsets.set(ms, offsets.size)
      return offsets.get(ms)!
    }
    const tracks = new Map<
      string,
      Omit<Track, 'edges'> & { edges: { start: number; slot: number; window: number }[] }
    >()
    for (const [slot, { spec, window_ms, delay_ms }] of features.entries()) {
      const { aggregate, column, of, params, where, per, excludeCurrent } = spec
      const key = JSON.stringify([aggregate, column, of, params, where, per, excludeCurrent, delay_ms])
      let track = tracks.get(key)
      if (track === undefined) {
        const definition = aggregates.get(aggregate)
        if (definition === undefined) throw new RangeError(`there is no aggregate '${aggregate}'`)
        const read = specColumns(spec)
        const input = {
          column: column === null ? -1 : columnOf(column),
          type: column === null ? null : columnTypes(column),
          where: maskOf(where, this.#columns.whole(read.map(columnOf)), read),
          of: maskOf(of),
          params,
        }
        const fold =
          per === null
            ? definition.fold(input)
            : new PerFold(columnOf(per.column), input.where, per.limit, () => definition.fold(input))
        const { reset, add, value } = fold
        track = { fold, reset, add, value, excludeCurrent, end: offsetOf(delay_ms), edges: [] }
        tracks.set(key, track)
      }
      track.edges.push({ start: offsetOf(delay_ms + window_ms), slot, window: window_ms })
    }
    for (const track of tracks.values()) track.edges.sort((a, b) => a.window - b.window)
    this.#tracks = [...tracks.values()]
    this.#fills = fills
    this.masks = [new Uint8Array(64).fill(1), ...fills.map(() => new Uint8Array(64))]
    this.#offsets = [...offsets.keys()]
    this.#cuts = new Uint32Array(offsets.size)
    this.#reach_ms = Math.max(0, ...this.#offsets)
  }

  get count(): number {
    return this.#index.count
  }

  get times(): Float64Array {
    return this.#index.times
  }

  get columns(): Float64Array[] {
    return this.#columns.columns
  }

  codes(column: number): number {
    return this.#columns.codes(column)
  }

  decode(column: number, code: number): string | number | boolean {
    return this.#columns.value(column, code)
  }

  /**
   * Computes every feature at `at_ms` into `out`, in the order of the constructor's list.
   *
   * `stored` is the timeline as the store has it; `current`, if there is one, the row of the event being scored: it takes
   * the place of any stored row of its id, and features that exclude it do not see it (L5).
   * Throws a RowError for bytes that are not rows, or are of a schema that the registry did not have.
   */
  read(stored: Uint8Array | null, at_ms: number, current: Uint8Array | null, out: FeatureValue[]): void {
    const index = this.#index
    this.at_ms = at_ms
    index.index(stored, current, at_ms - this.#reach_ms, at_ms)
    this.untidy = index.untidy
    this.#columns.decode(index)
    this.#fillMasks(index.count)
    for (let i = 0; i < this.#offsets.length; i++) this.#cuts[i] = rowsUntil(index, at_ms - this.#offsets[i]!)
    const currentRow = current === null ? -1 : lastFrom(index, stored?.length ?? 0)
    this.current = currentRow
    for (const track of this.#tracks) {
      const { fold, edges } = track
      track.reset.call(fold)
      let to = this.#cuts[track.end]!
      for (let e = 0; e < edges.length; e++) {
        const { start, slot } = edges[e]!
        const from = this.#cuts[start]!
        if (from < to) {
          if (track.excludeCurrent && currentRow >= from && currentRow < to) {
            if (currentRow + 1 < to) track.add.call(fold, this, currentRow + 1, to)
            if (from < currentRow) track.add.call(fold, this, from, currentRow)
          } else track.add.call(fold, this, from, to)
          to = from
        }
        out[slot] = track.value.call(fold, this)
      }
    }
  }

  #fillMasks(count: number): void {
    if (this.masks[0]!.length < count) {
      this.masks[0] = new Uint8Array(count * 2).fill(1)
      for (let m = 1; m < this.masks.length; m++) this.masks[m] = new Uint8Array(count * 2)
    }
    for (let m = 0; m < this.#fills.length; m++) this.#fills[m]!(this.masks[m + 1]!, count)
  }
}

/** The columns that an aggregate reads, each once. */
export function specColumns(spec: AggregateSpec): string[] {
  const names = [spec.where, spec.of].flatMap((node) =>
    node === null ? [] : filterColumns(node).map(({ column }) => column),
  )
  if (spec.per !== null) names.unshift(spec.per.column)
  return [...new Set(spec.column === null ? names : [spec.column, ...names])]
}

/** How many rows are at or before an instant. */
function rowsUntil(index: RowIndex, ms: number): number {
  const { times } = index
  let low = 0
  let high = index.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! <= ms) low = middle + 1
    else high = middle
  }
  return low
}

/** The row that begins at or after `offset` of the bytes: the current event, which lies behind all stored rows. */
function lastFrom(index: RowIndex, offset: number): number {
  for (let i = index.count - 1; i >= 0; i--) if (index.offsets[i]! >= offset) return i
  return -1
}
