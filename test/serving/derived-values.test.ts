import { describe, expect, it } from 'vitest'
import { featureService } from '../../src/index.ts'
import { ServicePlan } from '../../src/serving/service-plan.ts'
import { cardVelocity } from './definitions.ts'
import { modelOf, NOW, payment, World } from './world.ts'

/** What is served for what a function of `derive` gave. */
async function derived(compute: (input: { f: Readonly<Record<string, unknown>> }) => unknown) {
  const service = featureService('derived', {
    features: [cardVelocity.pick('points_24h', 'tx_count_1h', 'last_merchants_7d')],
    derive: { it: compute as never },
  })
  const world = await new World({ model: modelOf({ service }) }).open()
  const points = Number.MAX_SAFE_INTEGER
  await world.put('payments', payment({ points }), payment({ points }), payment({ points }))
  const { features, status } = await world.ask('derived', { keys: { card_id: 'c1' } })
  return [features.it, status.it ?? 'ok']
}

describe('a derived value', () => {
  it.each<[title: string, compute: Parameters<typeof derived>[0], served: unknown[]]>([
    ['a number', ({ f }) => (f.card_velocity__tx_count_1h as number) / 4, [0.75, 'ok']],
    ['a text', () => 'high', ['high', 'ok']],
    ['a flag', () => false, [false, 'ok']],
    ['null', () => null, [null, 'ok']],
    ['-0 is 0', () => -0, [0, 'ok']],
    ['a sum past 2^53 is the nearest number', ({ f }) => f.card_velocity__points_24h, [27021597764222972, 'ok']],
    ['an element of a list', ({ f }) => (f.card_velocity__last_merchants_7d as string[])[1], ['m1', 'ok']],
    ['all features at once', ({ f }) => Object.keys({ ...f }).length, [3, 'ok']],
    ['nothing', () => undefined, [null, 'error']],
    ['no number', () => Number.NaN, [null, 'error']],
    ['infinity', () => 1 / 0, [null, 'error']],
    ['a bigint', () => 1n, [null, 'error']],
    ['an object', ({ f }) => f, [null, 'error']],
    ['a list', ({ f }) => f.card_velocity__last_merchants_7d, [null, 'error']],
    ['a promise', async () => 1, [null, 'error']],
    ['a feature that the service does not read', ({ f }) => f.card_velocity__spend_24h, [null, 'error']],
    [
      'a change of what it was given',
      ({ f }) => {
        ;(f as Record<string, unknown>).card_velocity__tx_count_1h = 5
        return 1
      },
      [null, 'error'],
    ],
  ])('%s', async (_, compute, served) => {
    expect(await derived(compute)).toEqual(served)
  })

  it('sees the event and the request only where the service has them', async () => {
    const seen: string[] = []
    const service = featureService('bare', {
      features: [cardVelocity.pick('tx_count_1h')],
      derive: {
        it: (input) => {
          seen.push(...Object.keys(input))
          return 1
        },
      },
    })
    const plan = new ServicePlan(modelOf({ service }).services.get('bare')!)
    expect(plan.names).toEqual(['card_velocity__tx_count_1h', 'it'])
    const world = await new World({ model: modelOf({ service }) }).open()
    await world.ask('bare', { keys: { card_id: 'c1' }, at: NOW })
    expect(seen).toEqual(['f'])
  })
})
