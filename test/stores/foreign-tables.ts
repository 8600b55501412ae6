import { type ChdbConnection, createChdbConnection } from 'chdb/connection'
import { afterAll, beforeAll } from 'vitest'
import { openChdbArchive } from '../../src/stores/archive/chdb.ts'
import type { EventArchive } from '../../src/stores/event-archive.ts'
import type { ColumnType } from '../../src/timeline/column-type.ts'
import { T0 } from './archive-rows.ts'
import { temporaryFolder } from './temporary-folder.ts'

export const money2: ColumnType = { kind: 'money', scale: 2 }
export const double: ColumnType = { kind: 'double' }
export const bool: ColumnType = { kind: 'bool' }
export const enumAB: ColumnType = { kind: 'enum', values: ['a', 'b'] }

/** An archive whose folder also holds tables that it did not make. */
export interface ForeignTables {
  readonly archive: EventArchive
  /** A table with only the event's columns, `v` of any type, and one row for each SQL expression. */
  table(type: string, values?: readonly string[]): Promise<string>
  /** The same for many values, as a view. */
  view(type: string, values: readonly string[]): Promise<string>
  command(sql: string): Promise<void>
}

/** Opens one for all tests of a file. */
export function foreignTables(): ForeignTables {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let archive: EventArchive
  let raw: ChdbConnection
  let tables = 0
  beforeAll(async () => {
    folder = await temporaryFolder()
    archive = await openChdbArchive(folder.path)
    raw = createChdbConnection({ path: folder.path })
    await raw.command({ query: 'SET allow_suspicious_low_cardinality_types = 1' })
  })
  afterAll(async () => {
    await raw.close()
    await archive.close()
    await folder.remove()
  })
  const command = async (query: string) => {
    await raw.command({ query })
  }
  return {
    get archive() {
      return archive
    },
    command,
    async table(type, values = []) {
      const table = `foreign_${tables++}`
      const columns = `id String, at DateTime64(3, 'UTC'), v ${type}`
      await command(`CREATE TABLE millrace.${table} (${columns}) ENGINE = MergeTree ORDER BY at`)
      for (const [i, value] of values.entries()) {
        const at = `fromUnixTimestamp64Milli(toInt64(${T0 + i}), 'UTC')`
        await command(`INSERT INTO millrace.${table} SELECT 'e${i}', ${at}, ${value}`)
      }
      return table
    },
    async view(type, values) {
      const table = `view_${tables++}`
      const array = `CAST([${values.join(', ')}] AS Array(${type}))`
      const at = `fromUnixTimestamp64Milli(toInt64(${T0} + number), 'UTC')`
      const select = `SELECT toString(number) AS id, ${at} AS at, ${array}[number + 1] AS v FROM numbers(${values.length})`
      await command(`CREATE VIEW millrace.${table} AS ${select}`)
      return table
    },
  }
}
