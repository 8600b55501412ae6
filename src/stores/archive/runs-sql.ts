import type { ArchiveTable, SequenceTable } from '../event-archive.ts'
import { SEQUENCE } from './provenance.ts'
import { quoteName } from './sql-text.ts'

/** Each sequence below `below` that a row stands for, as a row of its own. `columns`: those that the table has. */
export function oneSql(columns: ArchiveTable['columns'] | undefined, runs: SequenceTable, below: number): string {
  const first = `toUInt64(${SEQUENCE})`
  const [until, lengths] = [runs.until, runs.lengths].map((name) =>
    name !== undefined && columns?.has(name) === true ? quoteName(name) : null,
  )
  if (until === null) return first
  const range = (from: string, end: string) => `range(${from}, least(${end}, toUInt64(${below})))`
  const all = range(first, `ifNull(toUInt64(${until}), ${first} + 1)`)
  if (lengths === null) return `arrayJoin(${all})`
  // Lengths of runs and of the gaps between them, in turn; each ends where the sum of those up to it is.
  const each = `arrayMap(length -> toUInt64(length), splitByChar(' ', ifNull(${lengths}, '0')))`
  const run = range(`toUInt64(${first} + ending - length)`, `${first} + ending`)
  const some = `arrayMap((length, ending, i) -> if(i % 2 = 1, ${run}, emptyArrayUInt64()), ${each}, arrayCumSum(${each}), arrayEnumerate(${each}))`
  return `arrayJoin(if(isNull(${lengths}), ${all}, arrayFlatten(${some})))`
}
