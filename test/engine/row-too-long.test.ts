import { describe, expect, it } from 'vitest'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, last, source, z } from '../../src/index.ts'
import { untyped } from '../features/definition-kit.ts'
import { clock, DAY, T, time } from './payments-kit.ts'
import { memoryStores, Whole } from './whole.ts'

/** Texts of 4,095 bytes: a row holds fifteen of them, and not sixteen. */
const TEXTS = Array.from({ length: 20 }, (_, i) => `t${i}`)

const shape = {
  id: z.string(),
  at: z.int(),
  card_id: z.string(),
  shop_id: z.string(),
  ...Object.fromEntries(TEXTS.map((name) => [name, z.string().optional()])),
}
const visits = source('visits', {
  schema: z.object(shape),
  id: 'id',
  time: 'at',
  stream: { topic: 'visits' },
  archive: { table: 'visits' },
})
const card = entity('card', { key: { card_id: z.string() } })
const shop = entity('shop', { key: { shop_id: z.string() } })

/** Definitions that count by card, and read some texts by shop. */
function modelReading(texts: readonly string[]) {
  const n = count().over('7d')
  const read = texts.map((text) => [text, last(untyped(visits[text as 'id'])).over('7d')] as const)
  const byCard = featureGroup('by_card', { source: visits, entity: card, features: { n } })
  const byShop = featureGroup('by_shop', {
    source: visits,
    entity: shop,
    features: { n, ...(Object.fromEntries(read) as object) },
  })
  const s = featureService('s', { features: [byCard, byShop] })
  return resolveModel(collect([{ file: 'test.ts', exports: { byCard, byShop, s } }]))
}

const visit = (id: string, letters: number) => ({
  id,
  at: T + 19 * DAY,
  card_id: 'c',
  shop_id: 'x',
  ...Object.fromEntries(TEXTS.map((name) => [name, '€'.repeat(letters)])),
})

describe('an event whose row is too long for one timeline, as it keeps columns of earlier definitions too', () => {
  async function counts(whole: Whole) {
    const { features } = await whole.vectors.answer('s', { keys: { card_id: 'c', shop_id: 'x' }, at: time.now })
    return [features.by_card__n_7d, features.by_shop__n_7d]
  }

  it('is kept aside by the stream, and counts in no timeline', async () => {
    time.now = T + 20 * DAY
    const stores = memoryStores(clock)
    await new Whole(modelReading(TEXTS.slice(0, 10)), 'wall', clock, stores).open()
    const whole = await new Whole(modelReading(TEXTS.slice(10)), 'wall', clock, stores).open()
    await whole.backfill()
    await whole.send('visits', [visit('short', 10), visit('long', 1_365), visit('another', 10)])
    await whole.stream()
    expect(whole.quarantined).toEqual([expect.stringMatching(/^a row of \d+ bytes is longer than 65535/)])
    expect(await counts(whole)).toEqual([2, 2])
  })

  it('is told by the backfill, which fills the rest', async () => {
    time.now = T + 20 * DAY
    const stores = memoryStores(clock)
    await new Whole(modelReading(TEXTS.slice(0, 10)), 'wall', clock, stores).open()
    const whole = await new Whole(modelReading(TEXTS.slice(10)), 'wall', clock, stores).open()
    await whole.load('visits', [visit('short', 10), visit('long', 1_365), visit('another', 10)])
    const results = await whole.backfill()
    expect(results.map(({ rows, refused }) => [rows, refused])).toEqual([
      [3, 0],
      [3, 1],
    ])
    expect(await counts(whole)).toEqual([3, 2])
  })
})
