import { createHmac } from 'node:crypto'
import type { TimelineKey } from '../../online-store.ts'
import { tagOfSlot } from './hash-slot.ts'
import { KeyHead } from './key-head.ts'

/** What the store's own keys begin with, behind the prefix; no timeline's key may. */
const RESERVED = 'millrace:'

/** The hash in place of an entity: 132 bits in base64url, behind a sign with which no entity's key begins. */
const HIDDEN = '='
const HASH_LENGTH = 22

/** Shorter secrets can be guessed, and with them every card number. */
const SECRET_BYTES_MIN = 16

/** Beginnings of keys that are kept: a hundred or so of each timeline. */
const HEADS_MAX = 10_000

const PREFIX_FORM = /^[A-Za-z0-9:._/-]{0,100}$/

/** How keys are called in Redis. */
export class KeyNames {
  readonly #prefix: string
  readonly #secret: string | null
  readonly #heads = new Map<string, KeyHead>()
  #lastHead: KeyHead | null = null
  /** The hash of all documents. */
  readonly documents: string

  /** Throws a RangeError for a prefix or secret that cannot be used. */
  constructor(prefix: string, secret: string | null) {
    if (!PREFIX_FORM.test(prefix)) {
      throw new RangeError(`the key prefix '${prefix}' must be at most 100 of A-Z a-z 0-9 : . _ / -`)
    }
    if (secret !== null && Buffer.byteLength(secret) < SECRET_BYTES_MIN) {
      throw new RangeError(`the secret that hides keys must have at least ${SECRET_BYTES_MIN} bytes`)
    }
    this.#prefix = prefix
    this.#secret = secret
    this.documents = `${prefix}${RESERVED}documents`
  }

  /** Whether the database is the store's alone, as nothing tells its keys from those of others. */
  get alone(): boolean {
    return this.#prefix === ''
  }

  /** The record of the node whose lowest slot is `home`. */
  marksOf(home: number): string {
    return `${this.#prefix}${RESERVED}marks:{${tagOfSlot(home)}}`
  }

  /** Throws a RangeError for a key that is the store's own. */
  toRedis(key: TimelineKey): string {
    if (key.startsWith(RESERVED))
      throw new RangeError(`the timeline key ${key} begins with ${RESERVED}, as the store's own do`)
    return this.#prefix + (this.#secret === null ? key : hidden(key, this.#secret))
  }

  /**
   * What a key of `head`, `text` and a closing brace begins with in Redis; null where it cannot be written in parts. Throws a RangeError for
   * a key that is the store's own.
   */
  headOf(head: string, text: string): KeyHead | null {
    if (this.#secret !== null) return null
    // Those of one timeline come one behind the other.
    let found = this.#lastHead
    if (found === null || found.head !== head) {
      found = this.#heads.get(head) ?? this.#newHead(head, text)
      this.#lastHead = found
    }
    return found.units === text.length ? found : null
  }

  #newHead(head: string, text: string): KeyHead {
    if (this.#heads.size === HEADS_MAX) this.#heads.clear()
    const found = new KeyHead(head, this.toRedis(head), text.length)
    this.#heads.set(head, found)
    return found
  }

  /** Null for a key that is no timeline's. What is hidden stays so: {@link toRedis} leaves it as it is. */
  fromRedis(name: string): TimelineKey | null {
    if (!name.startsWith(this.#prefix)) return null
    const key = name.slice(this.#prefix.length)
    return key.startsWith(RESERVED) ? null : key
  }

  /** The pattern by which SCAN finds timelines whose keys begin with a text; of a hidden key only what is before its brace counts. */
  pattern(prefix: string): string {
    return `${(this.#prefix + prefix).replace(/[*?[\]\\^-]/g, '\\$&')}*`
  }
}

function hidden(key: string, secret: string): string {
  const open = key.indexOf('{') + 1
  const close = key.indexOf('}', open)
  if (open === 0 || close <= open || key.startsWith(HIDDEN, open)) return key
  const hash = createHmac('sha256', secret).update(key.slice(open, close)).digest('base64url').slice(0, HASH_LENGTH)
  return `${key.slice(0, open)}${HIDDEN}${hash}${key.slice(close)}`
}
