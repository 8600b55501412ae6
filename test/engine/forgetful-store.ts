import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import type { MarkMove, OnlineStore } from '../../src/stores/online-store.ts'

/** What a store held at an instant. */
export interface Memory {
  readonly rows: ReadonlyMap<string, Uint8Array>
  readonly moves: readonly MarkMove[]
  readonly documents: ReadonlyMap<string, unknown>
}

export const NOTHING: Memory = { rows: new Map(), moves: [], documents: new Map() }

/** An online store that can lose what it holds, as Redis can: all of it, or what came since an instant. Nothing expires. */
export class ForgetfulStore {
  #inner = new MemoryOnlineStore()
  readonly store: OnlineStore = new Proxy({} as OnlineStore, {
    get: (_, name) => {
      const member = this.#inner[name as keyof OnlineStore]
      return typeof member === 'function' ? member.bind(this.#inner) : member
    },
  })

  async remember(): Promise<Memory> {
    const rows = new Map<string, Uint8Array>()
    for await (const key of this.#inner.keys('')) rows.set(key, (await this.#inner.read([key]))[0]!)
    const moves = (await this.#inner.marks()).map((mark) => ({ ...mark, from: null }))
    const documents = new Map([...(await this.#inner.documents(''))].map(([name, { value }]) => [name, value]))
    return { rows, moves, documents }
  }

  /** `documents: 'stay'`: they are on another node than the rows that are lost. */
  async goBack({ rows, moves, documents }: Memory, { documents: fate }: { documents: 'stay' | 'go' }): Promise<void> {
    const kept = fate === 'stay' ? (await this.remember()).documents : documents
    this.#inner = new MemoryOnlineStore()
    for (const [key, bytes] of rows) await this.#inner.append([{ key, rows: bytes, expires_at_ms: null }])
    await this.#inner.append([], moves)
    for (const [name, value] of kept) await this.#inner.putDocument(name, value, 0)
  }

  forget(): Promise<void> {
    return this.goBack(NOTHING, { documents: 'go' })
  }
}
