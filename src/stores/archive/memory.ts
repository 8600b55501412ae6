import { typeIdentity, type Value } from '../../timeline/column-type.ts'
import { hash64, hash64Hex } from '../../timeline/id-hash.ts'
import {
  type ArchiveBlock,
  type ArchiveColumn,
  type ArchivedEvent,
  ArchiveError,
  type ArchiveInsert,
  type ArchiveScan,
  type ArchiveStats,
  type ArchiveTable,
  type BlockColumn,
  type EventArchive,
  type HashedEvent,
  type SequenceTable,
} from '../event-archive.ts'
import { type OffsetRun, runsIn } from '../offset-runs.ts'
import { archiveTypeProblem, columnTypeSql } from './clickhouse-types.ts'
import { createSql, missingColumns } from './create-sql.ts'
import { writeColumn } from './insert-sql.ts'
import { NativeWriter } from './native-writer.ts'
import { PROVENANCE } from './provenance.ts'
import { tableAddress } from './sql-text.ts'

/** Rows of a block: few, so that also a small test sees keys that go on in the next block. */
const BLOCK_ROWS = 1_000

interface Row {
  readonly values: ReadonlyMap<string, Value>
  readonly origin: string
  readonly sequence: number
}

type ReadValue = (row: Row) => Value

interface Table {
  readonly columns: ReadonlyMap<string, ArchiveColumn>
  readonly rows: Row[]
  /** Made by somebody else: it does not say where rows came from. */
  readonly foreign: boolean
}

/**
 * An archive in memory, for tests: it keeps the whole contract but durability, refuses what ClickHouse refuses, and gives
 * rows in blocks. It has the tables that `create` made, and those of others that a test gives it.
 */
export class MemoryEventArchive implements EventArchive {
  readonly #tables = new Map<string, Table>()
  #closed = false

  async describe(table: string): Promise<ArchiveTable | null> {
    const found = this.#find(table)
    if (found === undefined) return null
    const columns = new Map<string, { type: string }>()
    for (const { name, type, nullable } of found.columns.values()) {
      columns.set(name, { type: columnTypeSql(type, nullable) })
    }
    if (!found.foreign) for (const { name, type } of PROVENANCE) columns.set(name, { type })
    return { columns }
  }

  async create(table: string, columns: readonly ArchiveColumn[], time: string): Promise<void> {
    const found = this.#find(table)
    if (found !== undefined) {
      const described = (await this.describe(table))!.columns
      const missing = missingColumns(table, columns, described).map((column) => [column.name, column] as const)
      this.#tables.set(table, { ...found, columns: new Map([...found.columns, ...missing]) })
      return
    }
    // Made only to be refused where ClickHouse would refuse it.
    createSql(tableAddress(table, 'memory'), columns, time)
    this.#add(table, columns, false)
  }

  /** A table as somebody else makes it, with these columns and no others. */
  addForeign(table: string, columns: readonly ArchiveColumn[]): void {
    this.#add(table, columns, true)
  }

  #add(table: string, columns: readonly ArchiveColumn[], foreign: boolean): void {
    this.#tables.set(table, { columns: new Map(columns.map((column) => [column.name, column])), rows: [], foreign })
  }

  async insert(insert: ArchiveInsert): Promise<void> {
    const { columns, values, origins, sequences } = insert
    this.#open()
    if (sequences.length === 0) return
    const table = this.#get(insert.table)
    for (const [i, column] of columns.entries()) {
      this.#column(table, insert.table, column, 's')
      // Written only to be refused where ClickHouse would refuse it.
      writeColumn(new NativeWriter(1, sequences.length), column.name, column, values[i] ?? [])
    }
    for (let row = 0; row < sequences.length; row++) {
      table.rows.push({
        values: new Map(columns.map((column, i) => [column.name, values[i]![row]!])),
        origin: origins[row]!,
        sequence: sequences[row]!,
      })
    }
  }

  async firstSequence(table: string, origin: string): Promise<number | null> {
    const found = this.#sequences(table, origin)
    return found.length === 0 ? null : found.reduce((a, b) => Math.min(a, b))
  }

  async lastSequence(table: string, origin: string): Promise<number | null> {
    const found = this.#sequences(table, origin)
    return found.length === 0 ? null : found.reduce((a, b) => Math.max(a, b))
  }

  async sequences(tables: readonly SequenceTable[], origin: string, below: number): Promise<number> {
    const seen = new Set<number>()
    for (const { table, ...names } of tables) {
      for (const { sequence, values } of this.#of(table, origin)) {
        const [until, lengths] = [names.until, names.lengths].map((name) => values.get(name ?? '') ?? null)
        const all: OffsetRun = [sequence, until === null ? sequence + 1 : Number(until)]
        for (const [from, to] of lengths === null ? [all] : runsIn(String(lengths), sequence)) {
          for (let one = from; one < Math.min(to, below); one++) seen.add(one)
        }
      }
    }
    return seen.size
  }

  #sequences(table: string, origin: string): number[] {
    return this.#of(table, origin).map(({ sequence }) => sequence)
  }

  #of(table: string, origin: string): Row[] {
    const found = this.#find(table)
    return found === undefined || found.foreign ? [] : found.rows.filter((row) => row.origin === origin)
  }

  async found(
    name: string,
    id: ArchiveColumn,
    time: ArchiveColumn,
    precision: 'ms' | 's',
    events: readonly ArchivedEvent[],
  ): Promise<boolean[]> {
    const textOf = (id: string, time_ms: number) => JSON.stringify([id, time_ms])
    const there = new Set(this.#idsAndTimes(name, id, time, precision).map(([id, time_ms]) => textOf(id, time_ms)))
    return events.map(({ id, time_ms }) => there.has(textOf(id, time_ms)))
  }

  async ids(
    name: string,
    id: ArchiveColumn,
    time: ArchiveColumn,
    precision: 'ms' | 's',
    events: readonly HashedEvent[],
  ): Promise<(string | null)[]> {
    const textOf = (hash: string, time_ms: number) => `${hash} ${time_ms}`
    const there = new Map(
      this.#idsAndTimes(name, id, time, precision).map(([id, time_ms]) => [textOf(hash64Hex(id), time_ms), id]),
    )
    return events.map(({ id_hash, time_ms }) => there.get(textOf(id_hash, time_ms)) ?? null)
  }

  /** Of each row that has an id; times in steps of the precision. */
  #idsAndTimes(
    name: string,
    id: ArchiveColumn,
    time: ArchiveColumn,
    precision: 'ms' | 's',
  ): (readonly [id: string, time_ms: number])[] {
    this.#open()
    const table = this.#get(name)
    const idOf = this.#column(table, name, id, precision)
    const timeOf = this.#column(table, name, time, precision)
    const unit = precision === 's' ? 1_000 : 1
    return table.rows.flatMap((row) => {
      const found = idOf(row)
      return found === null ? [] : [[String(found), Math.floor(Number(timeOf(row)) / unit) * unit] as const]
    })
  }

  async *scan(scan: ArchiveScan): AsyncIterable<ArchiveBlock> {
    this.#open()
    const table = this.#get(scan.table)
    const read = (column: ArchiveColumn) => this.#column(table, scan.table, column, scan.precision)
    const readers = {
      id: read(scan.id),
      time: read(scan.time),
      key: scan.key.map(read),
      columns: scan.columns.map(read),
    }
    const unit = scan.precision === 's' ? 1_000 : 1
    const rows = table.rows.flatMap((row) => {
      const id = readers.id(row)
      const key = readers.key.map((value) => value(row))
      const keyText = JSON.stringify(key)
      if (id === null || key.includes(null)) return []
      const hash = hash64(keyText)
      if (hash % BigInt(scan.parts) !== BigInt(scan.part)) return []
      const time_ms = Math.floor(Number(readers.time(row)) / unit) * unit
      if (scan.from_ms !== null && time_ms < scan.from_ms) return []
      if (scan.to_ms !== null && time_ms >= scan.to_ms) return []
      return [
        { id: hash64(String(id)), key, keyText, hash, time_ms, values: readers.columns.map((value) => value(row)) },
      ]
    })
    rows.sort((a, b) => compare(a.hash, b.hash) || compare(a.keyText, b.keyText) || a.time_ms - b.time_ms)
    for (let start = 0; start < rows.length; start += BLOCK_ROWS) {
      const part = rows.slice(start, start + BLOCK_ROWS)
      this.#open()
      const ids = new BigUint64Array(part.map((row) => row.id))
      yield {
        rows: part.length,
        key: scan.key.map((column, i) =>
          blockColumn(
            column,
            unit,
            part.map((row) => row.key[i]!),
          ),
        ),
        id: new Uint32Array(ids.buffer),
        time_ms: Float64Array.from(part, (row) => row.time_ms),
        columns: scan.columns.map((column, i) =>
          blockColumn(
            column,
            unit,
            part.map((row) => row.values[i]!),
          ),
        ),
      }
    }
  }

  async stats(
    name: string,
    time: ArchiveColumn,
    key: readonly ArchiveColumn[],
    from_ms: number | null,
  ): Promise<ArchiveStats> {
    this.#open()
    const table = this.#get(name)
    const timeOf = this.#column(table, name, time, 's')
    const keyOf = key.map((column) => this.#column(table, name, column, 's'))
    const rows = table.rows.filter((row) => from_ms === null || Number(timeOf(row)) >= from_ms)
    const keys = new Set<string>()
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (const row of rows) {
      const values = keyOf.map((value) => value(row))
      if (!values.includes(null)) keys.add(JSON.stringify(values))
      min = Math.min(min, Number(timeOf(row)))
      max = Math.max(max, Number(timeOf(row)))
    }
    const none = rows.length === 0
    return { rows: rows.length, time_ms_min: none ? null : min, time_ms_max: none ? null : max, keys: keys.size }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #open(): void {
    if (this.#closed) throw new ArchiveError('ARCHIVE_UNAVAILABLE', 'the archive was closed')
  }

  #find(table: string): Table | undefined {
    this.#open()
    return this.#tables.get(table)
  }

  #get(table: string): Table {
    const found = this.#find(table)
    if (found !== undefined) return found
    throw new ArchiveError('ARCHIVE_REFUSED', `the archive has no table ${table}: create it, or correct its name`)
  }

  /** Reads a column of stored rows as another type that can carry it. */
  #column(table: Table, name: string, column: ArchiveColumn, precision: 'ms' | 's'): ReadValue {
    const stored = table.columns.get(column.name)
    if (stored === undefined) throw new ArchiveError('ARCHIVE_REFUSED', `table ${name} has no column '${column.name}'`)
    const type = columnTypeSql(stored.type, stored.nullable)
    const problem = archiveTypeProblem(column, type, { isTime: false, precision })
    if (problem !== null) throw new ArchiveError('ARCHIVE_TYPE', `table ${name}: ${problem}`)
    const isText = column.type.kind === 'string' || column.type.kind === 'enum'
    if (!isText && typeIdentity(stored.type) !== typeIdentity(column.type)) {
      throw new ArchiveError(
        'ARCHIVE_REFUSED',
        `the archive in memory keeps '${column.name}' as ${stored.type.kind} only`,
      )
    }
    return (row) => {
      const value = row.values.get(column.name) ?? null
      return value !== null && isText ? String(value) : value
    }
  }
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function blockColumn(column: ArchiveColumn, unit: number, values: readonly Value[]): BlockColumn {
  const kind = column.type.kind
  if (kind === 'string' || kind === 'enum') return { kind: 'strings', values: values as (string | null)[] }
  const floor = kind === 'time' ? (value: number) => Math.floor(value / unit) * unit : (value: number) => value
  return {
    kind: 'numbers',
    values: Float64Array.from(values, (value) => (value === null ? Number.NaN : floor(Number(value)))),
  }
}
