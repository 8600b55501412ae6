import { HEADER_BYTES, ROW_BYTES_MAX, slotBytes } from '../../timeline/row-codec.ts'
import type { TimelineModel } from '../model.ts'
import type { Report } from './report.ts'

/** Bytes of a version in a row. */
const VERSION_BYTES = 8

/** Most columns that a message names. */
const COLUMNS_SHOWN_MAX = 5

/** Checks that every row of a timeline fits, whatever texts its events hold. */
export function checkRowSize(report: Report, { source, entity, columns }: TimelineModel): void {
  const kept = columns.map((column) => source.columns[column]!)
  const texts: { name: string; bytes: number }[] = []
  let bytes = HEADER_BYTES + VERSION_BYTES + Math.ceil(kept.length / 8)
  for (const { name, type } of kept) {
    bytes += slotBytes(type)
    if (type.kind !== 'string') continue
    bytes += type.bytesMax
    texts.push({ name, bytes: type.bytesMax })
  }
  if (bytes <= ROW_BYTES_MAX) return
  const longest = texts.sort((a, b) => b.bytes - a.bytes).slice(0, COLUMNS_SHOWN_MAX)
  report.error(
    `a row of entity ${entity.name} can have ${bytes} bytes, but only ${ROW_BYTES_MAX} fit: features read ${texts.length} columns of text`,
    `bound their texts by .max(n), at most 3 bytes a character: ${longest.map(({ name }) => name).join(', ')}`,
  )
}
