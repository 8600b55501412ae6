import { createHash } from 'node:crypto'
import type { ColumnType } from '../timeline/column-type.ts'

/** Most bytes of the parts of a key, before they are replaced by their hash: with all that is around them, a key stays below 1,900. */
export const KEY_PARTS_BYTES_MAX = 1_024

/** A UTF-16 unit is at most three bytes of UTF-8. */
const UNIT_BYTES_MAX = 3

/** Texts are mostly shorter; none of these is so long that it is replaced by its hash. */
const HEADS = 128

const PERCENT = 37
const OPEN = 123
const CLOSE = 125
const ESCAPES: Readonly<Record<string, string>> = { '%': '%25', '{': '%7B', '}': '%7D' }

/** What every key of a timeline begins with. */
export function timelinePrefix(fingerprint: string): string {
  return `mr:${fingerprint}:{`
}

/**
 * The key of one entity's timeline: `mr:<fingerprint>:{6:card-1,2:m7}` (L6). Each part stands behind the length of what is written,
 * so that no text in it can be taken for another part; braces are escaped as `%7B` and `%7D` (and `%` as `%25`), as what is
 * between the first two is the hash tag by which a Redis cluster keeps all keys of one entity together. Parts of more than
 * 1,024 bytes in all are written as `#` and their SHA-256. The parts are texts of {@link keyText}: well-formed Unicode.
 */
export function timelineKey(fingerprint: string, parts: readonly string[]): string {
  let tag = ''
  for (const part of parts) {
    const text = escaped(part)
    tag += tag === '' ? `${text.length}:${text}` : `,${text.length}:${text}`
  }
  if (tag.length * UNIT_BYTES_MAX > KEY_PARTS_BYTES_MAX && Buffer.byteLength(tag) > KEY_PARTS_BYTES_MAX) {
    tag = `#${createHash('sha256').update(tag).digest('hex')}`
  }
  return `${timelinePrefix(fingerprint)}${tag}}`
}

/** Makes the keys of a timeline whose entities have one text each, many a millisecond. */
export class TextKeys {
  readonly #fingerprint: string
  /** What stands before a text, by its length. */
  readonly #heads: readonly string[]

  constructor(fingerprint: string) {
    this.#fingerprint = fingerprint
    this.#heads = Array.from({ length: HEADS }, (_, length) => `${timelinePrefix(fingerprint)}${length}:`)
  }

  /** The same as {@link timelineKey} of this one part. */
  of(text: string): string {
    const head = this.headOf(text)
    return head === null ? timelineKey(this.#fingerprint, [text]) : `${head}${text}}`
  }

  /** What stands before a text in its key, which ends with the text and a closing brace; null where it is another one. */
  headOf(text: string): string | null {
    const head = this.#heads[text.length]
    return head === undefined || escaped(text) !== text ? null : head
  }
}

function escaped(part: string): string {
  for (let i = 0; i < part.length; i++) {
    const unit = part.charCodeAt(i)
    if (unit === PERCENT || unit === OPEN || unit === CLOSE) {
      return part.replace(/[%{}]/g, (character) => ESCAPES[character]!)
    }
  }
  return part
}

/** The text of one part of a key, from its canonical value. */
export function keyText(type: ColumnType, value: string | number | boolean): string {
  return type.kind === 'string' || type.kind === 'enum' ? (value as string) : String(value)
}
