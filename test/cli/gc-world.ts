import { expect } from 'vitest'
import { type GcRules, planGc } from '../../src/cli/gc-plan.ts'
import { collectGarbage, type GcOutcome, viewGc } from '../../src/cli/gc-run.ts'
import { meaningOf, recordLive } from '../../src/cli/live-definitions.ts'
import { collect } from '../../src/features/collect.ts'
import type { Model } from '../../src/features/model.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, source, sum, z } from '../../src/index.ts'
import type { OnlineStore } from '../../src/stores/online-store.ts'
import { memoryStores, type Stores, Whole } from '../engine/whole.ts'

const DAY_MS = 86_400_000
const T0_MS = Date.UTC(2026, 5, 1)

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    at: z.int(),
    card_id: z.string(),
    shop_id: z.string(),
    amount: z.int(),
    points: z.int(),
  }),
  id: 'id',
  time: 'at',
  stream: { topic: 'payments' },
  archive: { table: 'payments' },
})
const card = entity('card', { key: { card_id: z.string() } })
const shop = entity('shop', { key: { shop_id: z.string() } })

const amounts = featureGroup('amounts', {
  source: payments,
  entity: card,
  features: { total: sum(payments.amount).over('7d') },
})
const points = featureGroup('points', {
  source: payments,
  entity: card,
  features: { total: sum(payments.points).over('7d'), long: count().over('20d') },
})
const shops = featureGroup('shops', {
  source: payments,
  entity: shop,
  features: { n: count().over('7d') },
})

const modelOf = (exports: Record<string, unknown>): Model =>
  resolveModel(collect([{ file: 'definitions.ts', exports: { payments, ...exports } }]))

/** What went out of use: a timeline by shop, a column and a longer window by card. */
export const OLD = modelOf({
  // Filled first: the longer window of the others makes their backfill wait for the archive in any case.
  shops,
  amounts,
  points,
  all: featureService('all', { features: [amounts, points, shops] }),
})
/** Those of them that lose a column and a longer window, and no timeline. */
export const OLD_CARDS = modelOf({ amounts, points, all: featureService('all', { features: [amounts, points] }) })
export const NEW = modelOf({ amounts, all: featureService('all', { features: [amounts] }) })

interface Payment {
  readonly id: string
  readonly at: number
  readonly card_id: string
  readonly shop_id: string
  readonly amount: number
  readonly points: number
}

const CARDS = ['a', 'b']
const SHOPS = ['s', 't']

/** An installation whose old definitions are gone for eight days, and whose new ones are at work. */
export class GcWorld {
  readonly stores: Stores
  readonly sent: Payment[] = []
  now_ms = T0_MS
  old!: Whole
  new!: Whole

  private constructor(stores?: Stores) {
    this.stores = stores ?? memoryStores(this.now)
  }

  readonly now = (): number => this.now_ms

  static async open(): Promise<GcWorld> {
    const world = new GcWorld()
    world.old = await world.process(OLD)
    await world.send(12)
    await world.old.archive()
    await world.old.stream()
    await world.old.backfill()
    await recordLive(world.stores.store, OLD, world.now_ms)
    expect(await world.ask(OLD)).toEqual({ wrong: [], ok: true })
    world.now_ms += 8 * DAY_MS
    world.new = await world.process(NEW)
    await recordLive(world.stores.store, NEW, world.now_ms)
    await world.send(12)
    await world.new.archive()
    await world.new.stream()
    await world.new.backfill()
    expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
    return world
  }

  /** A process that starts now. */
  process(model: Model, store = this.stores.store): Promise<Whole> {
    return new Whole(model, 'wall', this.now, { ...this.stores, store }).open()
  }

  /** Some payments of the last two days, into the log. */
  async send(count: number): Promise<void> {
    const events = Array.from({ length: count }, (): Payment => {
      const i = this.sent.length
      const payment = {
        id: `p${i}`,
        at: this.now_ms - Math.floor((i * DAY_MS) / 13),
        card_id: CARDS[i % 2]!,
        shop_id: SHOPS[(i >> 1) % 2]!,
        amount: i + 1,
        points: 1_000 + i,
      }
      this.sent.push(payment)
      return payment
    })
    await this.old.send('payments', events as unknown as Record<string, unknown>[])
  }

  /** What is wrong in answers of values that are said to be ok, and whether all are. */
  async ask(model: Model, whole = model === NEW ? this.new : this.old): Promise<{ wrong: string[]; ok: boolean }> {
    await whole.vectors.refresh()
    if (whole.vectors.unready().length > 0) return { wrong: [], ok: false }
    const wrong: string[] = []
    let ok = true
    for (const card_id of CARDS) {
      for (const shop_id of SHOPS) {
        const keys = model === OLD ? { card_id, shop_id } : { card_id }
        const { features, status } = await whole.vectors.answer('all', { keys })
        const expected = this.#expected(card_id, shop_id)
        for (const [name, value] of Object.entries(features)) {
          if (status[name] !== undefined) ok = false
          else if (value !== expected[name])
            wrong.push(`${card_id} ${shop_id} ${name}: ${value}, not ${expected[name]}`)
        }
      }
    }
    return { wrong, ok }
  }

  /** What has reached the store at last is expected of it. */
  #expected(card_id: string, shop_id: string): Record<string, number> {
    const within = (days: number) => this.sent.filter(({ at }) => at > this.now_ms - days * DAY_MS)
    const ofCard = (days: number) => within(days).filter((payment) => payment.card_id === card_id)
    return {
      amounts__total_7d: ofCard(7).reduce((total, { amount }) => total + amount, 0),
      points__total_7d: ofCard(7).reduce((total, one) => total + one.points, 0),
      points__long_20d: ofCard(20).length,
      shops__n_7d: within(7).filter((payment) => payment.shop_id === shop_id).length,
    }
  }

  get rules(): Omit<GcRules, 'busy'> {
    return { own: [meaningOf(NEW)], from_ms: this.now_ms - 7 * DAY_MS, prunes: true }
  }

  async plan() {
    return planGc(await viewGc(this.stores.store), { ...this.rules, busy: new Set() })
  }

  gc(store: OnlineStore = this.stores.store): Promise<GcOutcome> {
    return collectGarbage({ store, log: this.stores.log, now: this.now, writers_ms: 1 }, this.rules, () => {})
  }
}

/** The store, whose every call is told before it is made; `onCall` may do something, or throw. */
export function watched(store: OnlineStore, onCall: (call: number, name: string) => Promise<void>): OnlineStore {
  let calls = 0
  const tell = (name: string) => onCall(++calls, name)
  return new Proxy(store, {
    get: (target, name: keyof OnlineStore) => {
      const member = target[name] as (...args: unknown[]) => unknown
      if (name === 'keys') {
        return async function* (prefix: string) {
          await tell(name)
          yield* target.keys(prefix)
        }
      }
      return async (...args: unknown[]) => {
        await tell(name)
        return member.apply(target, args)
      }
    },
  })
}
