import type { ArchiveColumn, ArchiveScan, EventArchive } from '../../src/stores/event-archive.ts'
import type { ColumnType, Value } from '../../src/timeline/column-type.ts'

/** A column as tests write it: `column('amount', { kind: 'money', scale: 2 }, true)`. */
export function column(name: string, type: ColumnType, nullable = false): ArchiveColumn {
  return { name, type, nullable }
}

export const text: ColumnType = { kind: 'string', bytesMax: 4_096 }
export const int: ColumnType = { kind: 'int' }
export const time: ColumnType = { kind: 'time' }

export const ID = column('id', text)
export const AT = column('at', time)
export const CARD = column('card', text, true)

/** 2023-11-14T22:13:20Z: times of tests count from here. */
export const T0 = 1_700_000_000_000

/** What a section of the contract is given. */
export interface ContractSubject {
  archive(): EventArchive
  /** Makes a new table with id, time, card, and more. */
  newTable(
    more?: readonly ArchiveColumn[],
    named?: string,
  ): Promise<{ readonly table: string; readonly columns: readonly ArchiveColumn[] }>
}

/** Rows of one origin whose sequence numbers begin at `first`. */
export interface Rows {
  readonly origin?: string
  readonly first?: number
}

/** Inserts rows that are given as tuples. */
export async function insertRows(
  archive: EventArchive,
  table: string,
  columns: readonly ArchiveColumn[],
  rows: readonly (readonly Value[])[],
  { origin = 'file/test', first = 0 }: Rows = {},
): Promise<void> {
  await archive.insert({
    table,
    columns,
    values: columns.map((_, i) => rows.map((row) => row[i]!)),
    origins: rows.map(() => origin),
    sequences: rows.map((_, i) => first + i),
    arrived_ms: rows.map((_, i) => T0 + i),
  })
}

/** A scan of everything, by card. */
export function scanOf(table: string, changes: Partial<ArchiveScan> = {}): ArchiveScan {
  return {
    table,
    key: [CARD],
    id: ID,
    time: AT,
    columns: [],
    precision: 'ms',
    from_ms: null,
    to_ms: null,
    part: 0,
    parts: 1,
    ...changes,
  }
}

/** A scanned row, with NaN and bool turned back into values. */
export interface ScannedRow {
  readonly key: readonly Value[]
  readonly id: bigint
  readonly time_ms: number
  readonly values: readonly Value[]
}

/** All rows of a scan, as it gave them. */
export async function readRows(archive: EventArchive, scan: ArchiveScan): Promise<ScannedRow[]> {
  const rows: ScannedRow[] = []
  for await (const block of archive.scan(scan)) {
    const cell = (from: 'key' | 'columns', row: number) => (declared: ArchiveColumn, i: number) => {
      const found = block[from][i]!
      if (found.values.length !== block.rows) throw new Error(`${declared.name} has ${found.values.length} values`)
      const value = found.values[row]!
      if (Number.isNaN(value)) return null
      return declared.type.kind === 'bool' && Number(value) <= 1 ? value === 1 : value
    }
    for (let row = 0; row < block.rows; row++) {
      rows.push({
        key: scan.key.map(cell('key', row)),
        id: BigInt(block.id[2 * row]!) + (BigInt(block.id[2 * row + 1]!) << 32n),
        time_ms: block.time_ms[row]!,
        values: scan.columns.map(cell('columns', row)),
      })
    }
  }
  return rows
}

/** The values of one column, in the order of the rows' times. */
export async function readColumn(archive: EventArchive, table: string, read: ArchiveColumn): Promise<Value[]> {
  const rows = await readRows(archive, scanOf(table, { key: [], columns: [read] }))
  return rows.sort((a, b) => a.time_ms - b.time_ms).map((row) => row.values[0]!)
}
