import type {
  ArchiveBlock,
  ArchiveColumn,
  ArchivedEvent,
  ArchiveInsert,
  ArchiveScan,
  ArchiveStats,
  ArchiveTable,
  EventArchive,
  HashedEvent,
  SequenceTable,
} from '../event-archive.ts'
import { ArchiveError } from '../event-archive.ts'
import { archiveError, type ClickHouseLink } from './clickhouse-link.ts'
import { columnTypeSql } from './clickhouse-types.ts'
import { createSql, missingColumns, onCluster } from './create-sql.ts'
import { foundSql, IDS_AT_ONCE, idsSql, readFound, readIds } from './found-sql.ts'
import { insertOf } from './insert.ts'
import { type NativeBlock, nativeBlocks } from './native-format.ts'
import { ORIGIN, SEQUENCE } from './provenance.ts'
import { oneSql } from './runs-sql.ts'
import { planScan, toArchiveBlock } from './scan-sql.ts'
import { quoteName, quoteText, settingsClause, type TableAddress, tableAddress } from './sql-text.ts'
import { readStats, statsSql } from './stats-sql.ts'

/** Rows that stand for many sequences, in one block: `range()` gives at most 500 million numbers for each. */
const RUNS_AT_ONCE = 1_024

/**
 * An archive in ClickHouse, over any link to one. Beyond the interface: rows whose id is null are left out of a scan, as they
 * have no hash; and a row whose time is null or unreadable is in every range of times, so that whoever reads can refuse it.
 */
export class ClickHouseArchive implements EventArchive {
  readonly #link: ClickHouseLink
  readonly #cluster: string | null
  /** Tables as they were last described. Forgotten when a statement fails, as that may be why. */
  readonly #tables = new Map<string, ArchiveTable>()

  /** `cluster`: where tables are made, by its name in ClickHouse; null: on the server that is asked. */
  constructor(link: ClickHouseLink, cluster: string | null = null) {
    this.#link = link
    this.#cluster = cluster
  }

  async describe(table: string): Promise<ArchiveTable | null> {
    const at = this.#address(table)
    const columns = new Map<string, { type: string }>()
    const sql = `SELECT name, type FROM system.columns WHERE database = ${quoteText(at.database)} AND table = ${quoteText(at.table)} ORDER BY position`
    for await (const block of this.#lookup(sql, `describe ${table}`)) {
      const [names, types] = block.columns.map((column) => column.values)
      for (let row = 0; row < block.rows; row++) columns.set(String(names?.[row]), { type: String(types?.[row]) })
    }
    this.#tables.delete(table)
    if (columns.size === 0) return null
    const described = { columns }
    this.#tables.set(table, described)
    return described
  }

  async create(table: string, columns: readonly ArchiveColumn[], time: string): Promise<void> {
    const at = this.#address(table)
    // Asked first, so that a table of somebody else's needs no right to create or alter one.
    const found = await this.describe(table)
    if (found === null) {
      const sql = createSql(at, columns, time, this.#cluster)
      const doing = `create table ${table}`
      // Where the database is there, nobody needs the right to make one.
      if (!(await this.#hasDatabase(at.database, doing))) {
        const create = `CREATE DATABASE IF NOT EXISTS ${quoteName(at.database)}${onCluster(this.#cluster)}`
        await this.#command(create, doing, table)
      }
      await this.#command(sql, doing, table)
    } else {
      for (const { name, type, nullable } of missingColumns(table, columns, found.columns)) {
        const add = `ADD COLUMN IF NOT EXISTS ${quoteName(name)} ${columnTypeSql(type, nullable)}`
        await this.#command(
          `ALTER TABLE ${at.sql}${onCluster(this.#cluster)} ${add}`,
          `add columns to table ${table}`,
          table,
        )
      }
    }
    this.#tables.delete(table)
  }

  async insert(rows: ArchiveInsert): Promise<void> {
    if (rows.sequences.length === 0) return
    const described = await this.#described(rows.table)
    const at = this.#address(rows.table)
    try {
      await this.#link.insert(await insertOf(at, described, rows))
    } catch (error) {
      this.#tables.delete(rows.table)
      throw archiveError(`insert into ${rows.table}`, error)
    }
  }

  firstSequence(table: string, origin: string): Promise<number | null> {
    return this.#extremeSequence(table, origin, 'min')
  }

  lastSequence(table: string, origin: string): Promise<number | null> {
    return this.#extremeSequence(table, origin, 'max')
  }

  async sequences(tables: readonly SequenceTable[], origin: string, below: number): Promise<number> {
    const where = `WHERE ${ORIGIN} = ${quoteText(origin)} AND ${SEQUENCE} < ${below}`
    const parts: string[] = []
    for (const one of tables) {
      if (!(await this.#hasSequences(one.table))) continue
      // Whoever writes rows that stand for many may have added the columns since.
      const columns = one.until === undefined ? undefined : (await this.describe(one.table))?.columns
      parts.push(`SELECT ${oneSql(columns, one, below)} AS one FROM ${this.#address(one.table).sql} ${where}`)
    }
    if (parts.length === 0) return 0
    // A bitmap counts exactly, in a bit for each of a dense range; uniqExact would keep every number.
    const sql = `SELECT toFloat64(groupBitmap(one)) FROM (${parts.join(' UNION ALL ')})`
    const settings = settingsClause({ max_block_size: RUNS_AT_ONCE, max_execution_time: 0 })
    const names = tables.map(({ table }) => table).join(', ')
    const [answer] = await this.#firstRow(`${sql} ${settings}`, `read the sequences of ${names}`)
    return answer ?? 0
  }

  async found(
    table: string,
    id: ArchiveColumn,
    time: ArchiveColumn,
    precision: 'ms' | 's',
    events: readonly ArchivedEvent[],
  ): Promise<boolean[]> {
    const described = await this.#described(table)
    if (events.length === 0) return []
    const sql = foundSql(this.#address(table), described, id, time, precision, events)
    try {
      // The table may be in an order that helps nothing: that takes as long as a scan.
      return await readFound(nativeBlocks(this.#link.scan(sql)), events)
    } catch (error) {
      this.#tables.delete(table)
      throw archiveError(`look for events in ${table}`, error)
    }
  }

  async ids(
    table: string,
    id: ArchiveColumn,
    time: ArchiveColumn,
    precision: 'ms' | 's',
    events: readonly HashedEvent[],
  ): Promise<(string | null)[]> {
    const described = await this.#described(table)
    const ids: (string | null)[] = []
    try {
      for (let at = 0; at < events.length; at += IDS_AT_ONCE) {
        const some = events.slice(at, at + IDS_AT_ONCE)
        const sql = idsSql(this.#address(table), described, id, time, precision, some)
        ids.push(...(await readIds(nativeBlocks(this.#link.scan(sql)), some)))
      }
      return ids
    } catch (error) {
      this.#tables.delete(table)
      throw archiveError(`look for ids in ${table}`, error)
    }
  }

  async *scan(scan: ArchiveScan): AsyncIterable<ArchiveBlock> {
    const described = await this.#described(scan.table)
    const plan = planScan(this.#address(scan.table), described, scan)
    try {
      for await (const block of nativeBlocks(this.#link.scan(plan.sql))) yield toArchiveBlock(plan, block)
    } catch (error) {
      this.#tables.delete(scan.table)
      throw archiveError(`scan ${scan.table}`, error)
    }
  }

  async stats(
    table: string,
    time: ArchiveColumn,
    key: readonly ArchiveColumn[],
    from_ms: number | null,
  ): Promise<ArchiveStats> {
    const described = await this.#described(table)
    const sql = statsSql(this.#address(table), described, time, key, from_ms)
    return readStats(await this.#firstRow(sql, `count ${table}`))
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  #address(table: string): TableAddress {
    return tableAddress(table, this.#link.database)
  }

  async #described(table: string): Promise<ArchiveTable> {
    const described = this.#tables.get(table) ?? (await this.describe(table))
    if (described !== null) return described
    throw new ArchiveError('ARCHIVE_REFUSED', `the archive has no table ${table}: create it, or correct its name`)
  }

  async #extremeSequence(table: string, origin: string, which: 'min' | 'max'): Promise<number | null> {
    const answer = await this.#sequenceQuery(table, `${which}OrNull(${SEQUENCE})`, `${ORIGIN} = ${quoteText(origin)}`)
    return answer === null || Number.isNaN(answer) ? null : answer
  }

  /** One number about an origin; null where the table is not there, or has no columns that say where rows came from. */
  async #sequenceQuery(table: string, value: string, where: string): Promise<number | null> {
    if (!(await this.#hasSequences(table))) return null
    const sql = `SELECT ifNull(toFloat64(${value}), nan) FROM ${this.#address(table).sql} WHERE ${where}`
    const [answer] = await this.#firstRow(sql, `read the sequences of ${table}`)
    return answer ?? null
  }

  async #hasSequences(table: string): Promise<boolean> {
    const described = this.#tables.get(table) ?? (await this.describe(table))
    return described?.columns.has('_origin') === true && described.columns.has('_sequence')
  }

  /** The numbers of the first row of an answer. */
  async #firstRow(sql: string, doing: string): Promise<number[]> {
    let first: number[] = []
    // Read to its end: an answer that is broken off costs a connection.
    for await (const block of this.#lookup(sql, doing)) first = block.columns.map((column) => Number(column.values[0]))
    return first
  }

  async #hasDatabase(name: string, doing: string): Promise<boolean> {
    let found = 0
    const sql = `SELECT name FROM system.databases WHERE name = ${quoteText(name)}`
    for await (const block of this.#lookup(sql, doing)) found += block.rows
    return found > 0
  }

  async *#lookup(sql: string, doing: string): AsyncIterable<NativeBlock> {
    try {
      yield* nativeBlocks(this.#link.lookup(sql))
    } catch (error) {
      throw archiveError(doing, error)
    }
  }

  async #command(sql: string, doing: string, table: string): Promise<void> {
    try {
      await this.#link.command(sql)
    } catch (error) {
      this.#tables.delete(table)
      throw archiveError(doing, error)
    }
  }
}
