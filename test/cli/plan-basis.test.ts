import { expect, it } from 'vitest'
import { createInspectApi } from '../../src/cli/inspect-api.ts'
import { planBasis } from '../../src/cli/plan-basis.ts'
import { collect } from '../../src/features/collect.ts'
import { makePlan } from '../../src/features/plan.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, source, z } from '../../src/index.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { archiveColumns } from '../../src/stores/archive-columns.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { SeededRandom } from '../stores/seeded-random.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY = 86_400_000

const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string(), shop: z.string() }),
  ...{ id: 'id', time: 'at', archive: { table: 'payments' } },
  compute: {
    bin: { version: 1, type: z.string().nullable(), of: ({ pan }) => (pan.startsWith('x') ? null : pan.slice(0, 6)) },
  },
})
const group = (name: string, key: object) =>
  featureGroup(name, {
    ...{ source: payments, entity: entity(name, { key } as never), features: { n: count().over('30d') } },
  } as never)
const model = resolveModel(
  collect([
    {
      file: 'a.ts',
      exports: {
        bins: group('bin', { bin: z.string() }),
        pairs: group('bin_shop', { bin: z.string(), shop: z.string() }),
        shops: group('shop', { shop: z.string() }),
      },
    },
  ]),
)

interface Payment {
  readonly pan: string
  readonly shop: string
}

async function planOf(rows: readonly Payment[]) {
  const archive = new MemoryEventArchive()
  const columns = archiveColumns(model.sources.get('payments')!)
  await archive.create('payments', columns, 'at')
  const at = (i: number) => NOW - Math.floor(((rows.length - i) * 20 * DAY) / rows.length)
  await archive.insert({
    ...{ table: 'payments', columns, origins: rows.map(() => 'file/a'), sequences: rows.map((_, i) => i) },
    values: [
      rows.map((_, i) => `p${i}`),
      rows.map((_, i) => at(i)),
      rows.map((row) => row.pan),
      rows.map((row) => row.shop),
    ],
    arrived_ms: rows.map(() => NOW),
  })
  const app = createInspectApi(new MemoryOnlineStore(), archive)
  const backend = {
    url: null,
    request: async (path: string, init?: RequestInit) => app.request(path, init),
    close: async () => {},
  }
  const { timelines } = makePlan(model, await planBasis(backend, model, 'wall', NOW))
  return Object.fromEntries(timelines.map(({ entity, memory }) => [entity, memory]))
}

const random = new SeededRandom(7)
const paid = (bins: number, shops: number): Payment => ({
  pan: `${random.below(10) === 0 ? 'x' : ''}${100_000 + random.below(bins)}${random.below(10_000)}`,
  shop: `s${random.below(shops)}`,
})
const binOf = ({ pan }: Payment) => (pan.startsWith('x') ? null : pan.slice(0, 6))
const truth = (rows: readonly Payment[]) => {
  const known = rows.filter((row) => binOf(row) !== null)
  return {
    rows: known.length,
    bins: new Set(known.map(binOf)).size,
    pairs: new Set(known.map((row) => `${binOf(row)} ${row.shop}`)).size,
  }
}

it('the memory of a timeline whose key is computed is told by computing the keys of what the archive has', async () => {
  const rows = Array.from({ length: 3_000 }, () => paid(200, 9))
  const { bin, bin_shop, shop } = await planOf(rows)
  const { bins, pairs, rows: known } = truth(rows)
  // 20 of 32 days are there: the rate goes on.
  const grown = (count: number) => Math.round((count * 32) / 20)
  expect(bin).toMatchObject({ entities: bins })
  expect(bin!.rows / grown(known)).toBeCloseTo(1, 2)
  expect(bin_shop).toMatchObject({ entities: pairs })
  expect(shop).toMatchObject({ entities: 9 })
  expect(bin!.bytes).toBe(bin!.rows * bin!.row_bytes + bins * bin!.entity_bytes)
})

it.each([
  ['few entities of many rows', 300, 12],
  ['many entities', 20_000, 400],
])('by a sample where there is more: %s', async (_, binCount, shopCount) => {
  const rows = Array.from({ length: 90_000 }, () => paid(binCount, shopCount))
  const { bin, bin_shop } = await planOf(rows)
  const { bins, pairs, rows: known } = truth(rows)
  // The guarantee is the root of the share, about 2 here.
  expect(bin!.entities / bins).toBeGreaterThan(0.6)
  expect(bin!.entities / bins).toBeLessThan(1.6)
  expect(bin_shop!.entities / pairs).toBeGreaterThan(0.7)
  expect(bin_shop!.entities / pairs).toBeLessThan(1.4)
  expect(bin!.rows / ((known * 32) / 20)).toBeCloseTo(1, 1)
})

it('is not known where nothing has a key', async () => {
  expect(await planOf([{ pan: 'x1', shop: 's' }])).toMatchObject({ bin: null, shop: { entities: 1 } })
})
