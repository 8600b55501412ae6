import { hash64 } from '../../timeline/id-hash.ts'
import type { ArchiveColumn, ArchivedEvent, ArchiveTable } from '../event-archive.ts'
import { canonicalSql, textSql } from './canonical-sql.ts'
import type { NativeBlock } from './native-format.ts'
import { assumeNotNull, fromSql, tableColumn } from './scan-sql.ts'
import { quoteText, settingsClause, type TableAddress } from './sql-text.ts'
import { timeRangeSql } from './time-range-sql.ts'

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
