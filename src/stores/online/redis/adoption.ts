import { randomUUID } from 'node:crypto'
import type { Exchange } from './exchange.ts'
import type { KeyNames } from './key-names.ts'
import { Call } from './keyed-command.ts'
import {
  areWhole,
  evictedNow,
  haveOthers,
  type MarkRecord,
  nodesOf,
  nodesText,
  type Owners,
  parseRecord,
  type Records,
  storeOffsets,
  wentBack,
} from './mark-record.ts'
import { ADOPT_MARKS } from './scripts.ts'
import { onlyMoved, type View } from './view.ts'

/** What a process knows: records count only together with the view in which they were read. */
export interface Known {
  readonly view: View
  readonly records: Records
}

/**
 * `again`: something was done, look again. `others`: somebody else has seen other owners, and may know or do more. `none`: there
 * are no marks. `lost`: nor can anybody else have them, as a node lost its record.
 */
export type Adopted = 'again' | 'others' | 'none' | 'lost'

/** Gives nodes that have other slots than before the marks that held for all. */
export class Adoption {
  readonly #exchange: Exchange
  readonly #names: KeyNames

  constructor(exchange: Exchange, names: KeyNames) {
    this.#exchange = exchange
    this.#names = names
  }

  async fetch({ masters }: Owners): Promise<Map<number, MarkRecord>> {
    const calls = masters.map(({ home }) => {
      const key = this.#names.marksOf(home)
      return new Call(key, (out) => out.add('HGETALL', key))
    })
    await this.#exchange.settle(calls)
    return new Map(masters.map(({ home }, i) => [home, parseRecord(calls[i]!.reply)]))
  }

  /**
   * Where slots were moved between nodes since the last look, gives the nodes that have others now the marks that held for all.
   * They hold on: whatever was moved to a node was written to it before its new record is. `alone`: nobody comes to our help.
   *
   * Not so where a replica took over meanwhile, or a node lost its record: then there are no marks, and all is to be written
   * again. What nobody can see is a node that fails over before its replica has what is just being moved to it.
   */
  async adopt(before: Known, view: View, records: Records, alone: boolean): Promise<Adopted> {
    const none = haveOthers(records, view) ? 'others' : 'none'
    if (!areWhole(before.records, before.view) || !onlyMoved(before.view, view)) return none
    const found = await this.fetch(before.view)
    const { masters } = before.view
    if (masters.some(({ home }) => wentBack(before.records.get(home)!, found.get(home)!))) return 'lost'
    let offsets = await this.#newest(before.view, found)
    if (offsets === null) {
      if (!alone) return 'others'
      // Somebody died over it. What we know still holds.
      const kept = masters.map(({ home, claim }): [number, MarkRecord] => {
        const record = found.get(home)!
        return [home, record.claim === claim ? record : before.records.get(home)!]
      })
      offsets = storeOffsets(new Map(kept), before.view)
    }
    if (this.#exchange.nodes.view !== view) return 'again'
    const wanting = view.masters.filter(({ home, claim }) => records.get(home)!.claim !== claim)
    const adopting = wanting.map(({ home, claim, address }) => {
      const evicted = evictedNow(this.#exchange.nodes.info(address))
      const state = [claim, evicted, randomUUID(), nodesText(view)]
      return Call.script(ADOPT_MARKS, this.#names.marksOf(home), ...state, ...[...offsets].flat())
    })
    await this.#exchange.settle(adopting)
    return 'again'
  }

  /**
   * The marks as they are now: where others have adopted since, each as he saw the nodes, those of the last of them. Null while one
   * is still at it.
   */
  async #newest(before: Owners, records: Records): Promise<Map<string, number> | null> {
    let owners = before
    let found = records
    const seen = new Set<string>()
    while (!areWhole(found, owners)) {
      const later = owners.masters.flatMap(({ home, claim }) => {
        const record = found.get(home)!
        return record.claim === claim || record.nodes === '' || seen.has(record.nodes) ? [] : [record.nodes]
      })
      if (later.length === 0) return null
      seen.add(later[0]!)
      owners = nodesOf(later[0]!)
      found = await this.fetch(owners)
    }
    return storeOffsets(found, owners)
  }
}
