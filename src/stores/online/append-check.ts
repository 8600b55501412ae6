import type { MarkMove, TimelineAppend } from '../online-store.ts'

/** Most bytes of a timeline key in UTF-8. LMDB's keys end at 1,978 bytes, and a page's key adds four. */
export const KEY_BYTES_MAX = 1_900

/** Most bytes of rows in one `append` call: it is one transaction, which is held in memory until it is on disk. */
export const APPEND_BYTES_MAX = 64 * 1024 * 1024

/** A UTF-16 unit is at most three bytes of UTF-8. */
const UNIT_BYTES_MAX = 3

/** Throws a RangeError for a timeline key that a store cannot hold. */
export function checkKey(key: string): void {
  checkText('timeline key', key)
}

/** Throws a RangeError for marks that a store cannot hold. */
export function checkMoves(moves: readonly MarkMove[]): void {
  for (const { group, topic, partition, offset } of moves) {
    checkText('place of a mark', markKey(group, topic, partition))
    for (const [field, value] of [
      ['partition', partition],
      ['offset', offset],
    ] as const) {
      if (!Number.isSafeInteger(value) || value < 0) {
        throw new RangeError(
          `the ${field} of the mark of ${topic} for ${group} is ${value}: give a whole number of at least 0`,
        )
      }
    }
  }
}

/** What a mark is stored under: JSON, so that no two places share it. */
export function markKey(group: string, topic: string, partition: number): string {
  return JSON.stringify([group, topic, partition])
}

/** Throws a RangeError for a document that a store cannot hold. Answers its value as JSON. */
export function checkDocument(name: string, value: unknown): string {
  checkText('document name', name)
  const json = JSON.stringify(value)
  if (json === undefined) throw new RangeError(`the value of document ${name} has no JSON form: give null for nothing`)
  return json
}

/** Throws a RangeError for appends that a store cannot hold. Answers how many bytes of rows they have. */
export function checkAppends(appends: readonly TimelineAppend[]): number {
  let bytes = 0
  for (const append of appends) bytes += checkAppend(append)
  checkAppendBytes(bytes)
  return bytes
}

/** The same for one of them. */
export function checkAppend(append: TimelineAppend): number {
  const { head, text, rows, expires_at_ms } = append
  // A key in parts is put together only where it may be wrong.
  const units = head === undefined || text === undefined ? KEY_BYTES_MAX : head.length + text.length
  if (units * UNIT_BYTES_MAX >= KEY_BYTES_MAX) checkKey(append.key)
  if (rows.length === 0) throw new RangeError(`the rows for ${append.key} are empty: leave the append out`)
  if (expires_at_ms !== null && !Number.isFinite(expires_at_ms)) {
    throw new RangeError(
      `expires_at_ms of ${append.key} is ${expires_at_ms}: give epoch milliseconds, or null for never`,
    )
  }
  return rows.length
}

/** Throws a RangeError for more bytes of rows than one call may have. */
export function checkAppendBytes(bytes: number): void {
  if (bytes <= APPEND_BYTES_MAX) return
  throw new RangeError(
    `one append has ${bytes} bytes of rows of at most ${APPEND_BYTES_MAX}: split it into several calls`,
  )
}

function checkText(what: string, text: string): void {
  if (text.length === 0) throw new RangeError(`a ${what} is empty`)
  if (text.length * UNIT_BYTES_MAX > KEY_BYTES_MAX && Buffer.byteLength(text) > KEY_BYTES_MAX) {
    const shown = JSON.stringify(text.slice(0, 60))
    throw new RangeError(`the ${what} ${shown}... has ${Buffer.byteLength(text)} bytes of at most ${KEY_BYTES_MAX}`)
  }
  // An unpaired surrogate has no UTF-8 form: two such keys would share their bytes.
  if (!text.isWellFormed()) {
    throw new RangeError(`the ${what} ${JSON.stringify(text)} is not well-formed Unicode: it has an unpaired surrogate`)
  }
}
