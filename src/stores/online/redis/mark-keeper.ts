import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Mark, type MarkMove, MarkMovedError } from '../../online-store.ts'
import { markKey } from '../append-check.ts'
import { Adoption, type Known } from './adoption.ts'
import type { Tail } from './batch.ts'
import type { Exchange } from './exchange.ts'
import type { KeyNames } from './key-names.ts'
import { Call } from './keyed-command.ts'
import {
  areWhole,
  evictedNow,
  hasEvicted,
  type MarkRecord,
  markOf,
  NO_RECORD,
  parseState,
  placesOf,
  REMOVED_FIELD,
  type Records,
  STATE_FIELD,
  storeOffsets,
  wentBack,
} from './mark-record.ts'
import { RedisStoreError } from './redis-error.ts'
import { MOVE_MARKS, REMOVE_MARKS } from './scripts.ts'
import type { Master, View } from './view.ts'

/** Others may move a mark, or slots, while we look: after so many looks something is wrong. */
const TRIES_MAX = 20

/** Who knows more of slots that were moved looks at all nodes once a second: he is waited for so often, some two seconds in all. */
const WAITS_MAX = 25
const WAIT_MS_MAX = 100

/** Fields of writers that a record may have: more than write at the same time. */
const WRITERS_MAX = 200

/** That the rows of one batch are in. */
export interface RowProofs {
  /** Null: the batch has no rows. */
  readonly view: View | null
  /** The field of the nodes' records where it is written; no other batch has it at the same time. */
  readonly field: string
  /** What was written there behind the last row, by the lowest slot of each node that got rows. */
  readonly written: Map<number, string>
}

/** Of a batch without rows. */
export const NO_ROWS: RowProofs = { view: null, field: '~', written: new Map() }

/**
 * Keeps the marks (L11). Every node has a record of its own ({@link MarkRecord}); the store's mark is the lowest of them. A
 * mark is moved when all rows of the batch are in: on the first node before the others, so that one of several writers wins;
 * and on each only while the record is what this writer last saw and holds what it wrote behind its last row there. What a
 * fail-over, a restored snapshot or a FLUSHALL took away can so never be vouched for, whatever came in between.
 */
export class MarkKeeper {
  readonly #exchange: Exchange
  readonly #names: KeyNames
  readonly #writer: string
  readonly #adoption: Adoption
  #view: View
  #records: Records = new Map()
  #moving: Promise<unknown> = Promise.resolve()
  /** A node holds less than it did, and nobody has asked for the marks since. */
  #suspect = false
  /** How often that was seen. */
  #losses = 0
  /** The connections that there were at the last look. */
  #opened = 0
  #looking: Promise<void> | null = null
  #asked = false
  /** The view in which others were waited for in vain, or are known to have no marks either. */
  #alone: View | null = null
  #proofs = 0
  /** Fields that are not in use: they are few, as they are used again. */
  readonly #fields: string[] = []
  #fieldsMade = 0

  /** `writer`: a text that no other process has. */
  constructor(exchange: Exchange, names: KeyNames, writer: string) {
    this.#exchange = exchange
    this.#names = names
    this.#writer = writer
    this.#adoption = new Adoption(exchange, names)
    this.#view = exchange.nodes.view
  }

  /** The marks as they are now. Whoever asks has then seen it if the store went back. */
  async read(): Promise<Mark[]> {
    await this.load()
    this.#suspect = false
    this.#asked = true
    return [...storeOffsets(this.#records, this.#view)].map(([place, offset]) => markOf(place, offset))
  }

  /** Looks at all records. */
  async load(): Promise<void> {
    const { nodes } = this.#exchange
    let waits = 0
    for (let i = 0; i < TRIES_MAX; i++) {
      const { view, opened } = nodes
      const before: Known = { view: this.#view, records: this.#records }
      const found = await this.#adoption.fetch(view)
      const adopted = areWhole(found, view)
        ? 'whole'
        : await this.#adoption.adopt(before, view, found, this.#alone === view)
      if (nodes.view !== view || adopted === 'again') continue
      if (adopted === 'lost') this.#alone = view
      if (adopted === 'others' && this.#alone !== view) {
        // Either we know less than they of who has which slots, or they will soon see what we do.
        await nodes.refresh().catch(() => {})
        if (nodes.view !== view) continue
        if (++waits > WAITS_MAX) this.#alone = view
        else await sleep(Math.min(2 ** waits, WAIT_MS_MAX))
        i--
        continue
      }
      for (const [home, record] of found) {
        if (wentBack(before.records.get(home) ?? NO_RECORD, record)) this.#lost()
        // A move, or a look that began later, may have come between: it knows better.
        const now = this.#records.get(home)
        if (this.#view === view && now !== undefined && now !== before.records.get(home)) found.set(home, now)
      }
      this.#view = view
      this.#records = found
      this.#opened = opened
      return
    }
    throw new RedisStoreError('UNAVAILABLE', 'the slots of the Redis cluster keep changing their owners')
  }

  /** Looks at all records, and makes void those of nodes that have dropped keys. For once a second. */
  async check(): Promise<void> {
    const { nodes } = this.#exchange
    await this.load()
    const wrong = this.#view.masters.filter(({ home, address }) => {
      const info = nodes.info(address)
      return info !== null && hasEvicted(this.#records.get(home)!, info)
    })
    if (wrong.length > 0) {
      await this.#exchange.settle(wrong.map(({ home }) => this.#call(home, (key) => ['DEL', key])))
      await this.load()
    }
    await this.#tidy()
    // Nobody here follows the marks: then nobody waits for the news either.
    if (!this.#asked) this.#suspect = false
  }

  /** Removes what writers left that died between rows and mark. One that lives writes its rows again. */
  async #tidy(): Promise<void> {
    const calls: Call[] = []
    for (const [home, { writers }] of this.#records) {
      if (writers.length > WRITERS_MAX) calls.push(this.#call(home, (key) => ['HDEL', key, ...writers]))
    }
    if (calls.length > 0) await this.#exchange.settle(calls)
  }

  #lost(): void {
    this.#suspect = true
    this.#losses++
  }

  /**
   * Does a read whose answer counts only if the store has not gone back since it began: not what was read, but what its reader knows of
   * the store, may be of before. Looks at the records first where there are new connections, and after it where one came in between.
   * Throws a RedisStoreError where it went back.
   */
  async guardRead(read: () => Promise<void>): Promise<void> {
    await this.#lookAtNew()
    const losses = this.#losses
    this.#checkReads(losses)
    await read()
    await this.#lookAtNew()
    this.#checkReads(losses)
  }

  async #lookAtNew(): Promise<void> {
    while (this.#opened !== this.#exchange.nodes.opened) {
      this.#looking ??= this.load().finally(() => {
        this.#looking = null
      })
      await this.#looking
    }
  }

  #checkReads(losses: number): void {
    if (!this.#suspect && this.#losses === losses) return
    throw new RedisStoreError('WENT_BACK', 'Redis holds less than it did: the marks say how far it is; then read again')
  }

  /** Behind the reads of a batch: looks whether the node still is where it was. */
  readonly witness: Tail = {
    optional: true,
    write: ({ out }, { home }) => out.add('HGET', this.#names.marksOf(home), STATE_FIELD),
    take: (reply, { home, claim }) => {
      const record = this.#records.get(home)
      if (record?.claim !== claim) return
      const { born, version } = parseState(String(reply ?? ''))
      if (born !== record.born || version < record.version) this.#lost()
    },
  }

  /** Writes rows and moves their marks by what proves them; each batch at a time has a field of its own. */
  async withProofs<T>(act: (field: string) => Promise<T>): Promise<T> {
    const field = this.#fields.pop() ?? `~${this.#writer}.${++this.#fieldsMade}`
    try {
      return await act(field)
    } finally {
      this.#fields.push(field)
    }
  }

  /** Behind the rows of a batch, in every round anew: what {@link move} will look for. */
  prove({ field, written }: RowProofs): Tail {
    const writing = new Map<number, string>()
    return {
      optional: false,
      write: ({ out }, { home }) => {
        const proof = String(++this.#proofs)
        writing.set(home, proof)
        out.add('HSET', this.#names.marksOf(home), field, proof)
      },
      take: (_, { home }) => written.set(home, writing.get(home)!),
    }
  }

  /** Throws a MarkMovedError where a mark is not at its `from`. */
  async expect(moves: readonly MarkMove[]): Promise<void> {
    if (this.#exchange.nodes.view === this.#view && this.#records.size > 0 && this.#moved(moves) === null) return
    await this.load()
    const moved = this.#moved(moves)
    if (moved !== null) throw moved
  }

  /**
   * Moves marks on every node. Answers false where it cannot be told that all rows are in, as a node has lost what was written
   * behind them, or slots have other owners: they must be written again. Throws a MarkMovedError where a mark is not at its `from`.
   */
  move(moves: readonly MarkMove[], proofs: RowProofs): Promise<boolean> {
    const moved = this.#moving.then(() => this.#move(moves, proofs))
    this.#moving = moved.catch(() => {})
    return moved
  }

  /** Takes all marks of a group away, or those of one topic, on every node. */
  async remove(group: string, topic?: string): Promise<void> {
    const places = placesOf(group, topic)
    const removed = this.#moving.then(async () => {
      const calls = this.#exchange.nodes.view.masters.map(({ home }) =>
        Call.script(REMOVE_MARKS, this.#names.marksOf(home), places, REMOVED_FIELD + places),
      )
      await this.#exchange.settle(calls)
      await this.load()
    })
    this.#moving = removed.catch(() => {})
    await removed
  }

  async #move(moves: readonly MarkMove[], proofs: RowProofs): Promise<boolean> {
    for (let i = 0; i < TRIES_MAX; i++) {
      await this.expect(moves)
      const view = this.#view
      if (proofs.view !== null && proofs.view !== view) return false
      const [first, ...others] = view.masters
      let results = await this.#moveOn([first!], moves, proofs)
      // A look may have come between: what it read says nothing of the owners that these were.
      if (this.#view !== view) continue
      if (results[0] === 'OK') results = await this.#moveOn(others, moves, proofs)
      if (results.includes('ROWS')) return false
      if (results.every((result) => result === 'OK')) return true
      await this.load()
      if (!results.includes('BACK')) continue
      await this.expect(moves)
      // Whoever moves a mark without rows has reasons that may not hold any more.
      throw new RedisStoreError('WENT_BACK', 'Redis holds less than it did: look at the marks, then try again')
    }
    throw new RedisStoreError('UNAVAILABLE', 'other writers keep moving the marks')
  }

  async #moveOn(masters: readonly Master[], moves: readonly MarkMove[], proofs: RowProofs): Promise<string[]> {
    const calls = masters.map(({ home, claim, address }) => {
      const record = this.#records.get(home) ?? NO_RECORD
      const places: (string | number)[] = []
      let further = false
      for (const { group, topic, partition, offset } of moves) {
        const place = markKey(group, topic, partition)
        const held = record.claim === claim ? record.offsets.get(place) : undefined
        if (held === undefined || held < offset) further = true
        places.push(place, held ?? '', Math.max(offset, held ?? 0))
      }
      const seen = [record.claim, claim, evictedNow(this.#exchange.nodes.info(address)), randomUUID()]
      const proof = further ? (proofs.written.get(home) ?? '') : ''
      const state = record.claim === '' ? '' : `${record.born}/${record.version}`
      return Call.script(MOVE_MARKS, this.#names.marksOf(home), ...seen, proofs.field, proof, state, ...places)
    })
    await this.#exchange.settle(calls)
    return calls.map(({ reply }, i) => {
      const [result, state] = reply as readonly [Buffer, Buffer?]
      if (state !== undefined) this.#note(masters[i]!, moves, state.toString())
      return result.toString()
    })
  }

  /** What the record says now; nothing where a look has found other slots there meanwhile. */
  #note({ home, claim }: Master, moves: readonly MarkMove[], state: string): void {
    if (!this.#view.masters.some((master) => master.home === home && master.claim === claim)) return
    const record = this.#records.get(home) ?? NO_RECORD
    const offsets = new Map(record.claim === claim ? record.offsets : [])
    for (const { group, topic, partition, offset } of moves) {
      const place = markKey(group, topic, partition)
      offsets.set(place, Math.max(offset, offsets.get(place) ?? 0))
    }
    this.#records = new Map(this.#records).set(home, { ...record, claim, ...parseState(state), offsets })
  }

  #moved(moves: readonly MarkMove[]): MarkMovedError | null {
    const offsets = storeOffsets(this.#records, this.#view)
    for (const move of moves) {
      const place = markKey(move.group, move.topic, move.partition)
      const found = offsets.get(place) ?? null
      if (found !== move.from) return new MarkMovedError(move, found)
      // A later move of the same call goes on from there.
      offsets.set(place, move.offset)
    }
    return null
  }

  #call(home: number, args: (key: string) => readonly string[]): Call {
    const key = this.#names.marksOf(home)
    return new Call(key, (out) => out.add(...args(key)))
  }
}
