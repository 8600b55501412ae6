import { hash64, hash64Hex } from '../../timeline/id-hash.ts'
import type { ArchiveColumn, ArchivedEvent, ArchiveTable, HashedEvent } from '../event-archive.ts'
import { canonicalSql, textSql } from './canonical-sql.ts'
import type { NativeBlock } from './native-format.ts'
import { assumeNotNull, fromSql, tableColumn } from './scan-sql.ts'
import { quoteText, settingsClause, type TableAddress } from './sql-text.ts'
import { timeRangeSql } from './time-range-sql.ts'

/** Most events that one statement looks for by their hashes: its text has to be well below what ClickHouse reads, 256 KiB. */
export const IDS_AT_ONCE = 200

/**
 * Which of some events a table has, as hashes of ids and times. Each is looked for in its own instant, so that a table in the
 * order of time is read in few places.
 */
export function foundSql(
  address: TableAddress,
  table: ArchiveTable,
  id: ArchiveColumn,
  time: ArchiveColumn,
  precision: 'ms' | 's',
  events: readonly ArchivedEvent[],
): string {
  const ids = tableColumn(table, address, id, { isTime: false, precision })
  const times = tableColumn(table, address, time, { isTime: true, precision })
  const text = assumeNotNull(ids.type, textSql(ids.type, ids.raw))
  const each = events.map(({ id, time_ms }) => {
    const instant = timeRangeSql(times.type, times.raw, 'v1', { from_ms: time_ms, to_ms: time_ms + 1, precision })
    return `(${[`${text} = ${quoteText(id)}`, ...instant].join(' AND ')})`
  })
  const hash = `CAST(xxHash64(${text}) AS UInt64)`
  return [
    `SELECT DISTINCT ${hash} AS v0, ${canonicalSql(time, times.type, times.raw, precision).sql} AS v1`,
    fromSql(address),
    `WHERE ${ids.type.nullable ? `isNotNull(${ids.raw}) AND ` : ''}(${each.join(' OR ')})`,
    settingsClause({ max_execution_time: 0 }),
  ].join('\n')
}

/** Reads the answer to {@link foundSql}: of each event whether it is there. */
export async function readFound(
  blocks: AsyncIterable<NativeBlock>,
  events: readonly ArchivedEvent[],
): Promise<boolean[]> {
  const there = new Set<string>()
  for await (const { rows, columns } of blocks) {
    const [hashes, times] = columns
    if (hashes?.kind !== 'words' || times?.kind !== 'numbers') throw new TypeError('ids come first, then times')
    for (let row = 0; row < rows; row++) {
      const hash = (BigInt(hashes.values[2 * row + 1]!) << 32n) + BigInt(hashes.values[2 * row]!)
      there.add(`${hash} ${times.values[row]}`)
    }
  }
  return events.map(({ id, time_ms }) => there.has(`${hash64(id)} ${time_ms}`))
}

/** The ids and times of rows whose id has one of some hashes, at the times of these. Others than those meant may be among them. */
export function idsSql(
  address: TableAddress,
  table: ArchiveTable,
  id: ArchiveColumn,
  time: ArchiveColumn,
  precision: 'ms' | 's',
  events: readonly HashedEvent[],
): string {
  const ids = tableColumn(table, address, id, { isTime: false, precision })
  const times = tableColumn(table, address, time, { isTime: true, precision })
  const text = assumeNotNull(ids.type, textSql(ids.type, ids.raw))
  const instants = [...new Set(events.map(({ time_ms }) => time_ms))].map((time_ms) => {
    const range = { from_ms: time_ms, to_ms: time_ms + 1, precision }
    return `(${timeRangeSql(times.type, times.raw, 'v1', range).join(' AND ')})`
  })
  const hashes = events.map(({ id_hash }) => `toUInt64(${BigInt(`0x${id_hash}`)})`)
  return [
    `SELECT DISTINCT CAST(${text} AS String) AS v0, ${canonicalSql(time, times.type, times.raw, precision).sql} AS v1`,
    fromSql(address),
    `WHERE ${ids.type.nullable ? `isNotNull(${ids.raw}) AND ` : ''}(${instants.join(' OR ')}) AND xxHash64(${text}) IN (${hashes.join(', ')})`,
    settingsClause({ max_execution_time: 0 }),
  ].join('\n')
}

/** Reads the answer to {@link idsSql}: the id of each event, or null. */
export async function readIds(
  blocks: AsyncIterable<NativeBlock>,
  events: readonly HashedEvent[],
): Promise<(string | null)[]> {
  const there = new Map<string, string>()
  for await (const { rows, columns } of blocks) {
    const [ids, times] = columns
    if (ids?.kind !== 'strings' || times?.kind !== 'numbers') throw new TypeError('ids come first, then times')
    for (let row = 0; row < rows; row++) {
      const id = ids.values[row]!
      there.set(`${hash64Hex(id)} ${times.values[row]}`, id)
    }
  }
  return events.map(({ id_hash, time_ms }) => there.get(`${id_hash} ${time_ms}`) ?? null)
}
