import type { TimelineAppend } from '../online-store.ts'
import { copyBytes } from './recent-rows.ts'

/** What an entry begins with, which says what it is. */
const APPENDS = 1
const ERASURE = 2

/** Of each append: bytes of the key u16, of the rows u32, expires_at_ms f64 (Infinity: never), the key, the rows. */
const APPEND_HEADER_BYTES = 14

/** The rows of one append inside an entry. */
export interface EntryRows {
  readonly key: string
  readonly from: number
  readonly to: number
  readonly expires_at_ms: number
}

/** Writes rows to be added as one journal entry, and says where in it each append's rows are. */
export function encodeAppends(appends: readonly TimelineAppend[]): { entry: Buffer; rows: EntryRows[] } {
  let length = 1
  for (const { key, rows } of appends) length += APPEND_HEADER_BYTES + Buffer.byteLength(key) + rows.length
  const entry = Buffer.allocUnsafeSlow(length)
  const view = new DataView(entry.buffer)
  const places: EntryRows[] = []
  entry[0] = APPENDS
  let at = 1
  for (const { key, rows, expires_at_ms } of appends) {
    const keyLength = entry.write(key, at + APPEND_HEADER_BYTES, 'utf8')
    const from = at + APPEND_HEADER_BYTES + keyLength
    const expires = expires_at_ms ?? Infinity
    view.setUint16(at, keyLength)
    view.setUint32(at + 2, rows.length)
    view.setFloat64(at + 6, expires)
    copyBytes(rows, 0, rows.length, entry, from)
    at = from + rows.length
    places.push({ key, from, to: at, expires_at_ms: expires })
  }
  return { entry, rows: places }
}

/** Writes that timelines were erased: what earlier entries say of them no longer holds. */
export function encodeErasure(keys: readonly string[]): Buffer {
  return Buffer.concat([Buffer.of(ERASURE), Buffer.from(JSON.stringify(keys))])
}

/** Reads an entry: the rows that it adds, or the keys that it erases. */
export function decodeEntry(entry: Buffer): { rows: EntryRows[]; erased: null } | { rows: null; erased: string[] } {
  if (entry[0] === ERASURE) return { rows: null, erased: JSON.parse(entry.toString('utf8', 1)) }
  if (entry[0] !== APPENDS)
    throw new Error(`the journal has an entry of kind ${entry[0]}, which this version cannot read`)
  const rows: EntryRows[] = []
  for (let at = 1; at < entry.length; ) {
    const keyEnd = at + APPEND_HEADER_BYTES + entry.readUInt16BE(at)
    const to = keyEnd + entry.readUInt32BE(at + 2)
    rows.push({
      key: entry.toString('utf8', at + APPEND_HEADER_BYTES, keyEnd),
      from: keyEnd,
      to,
      expires_at_ms: entry.readDoubleBE(at + 6),
    })
    at = to
  }
  return { rows, erased: null }
}
