import { describe, expect, it } from 'vitest'
import { backfillTimeline } from '../../src/backfill/backfill.ts'
import { count } from '../../src/index.ts'
import { clock, DAY, modelOf, payment, T, time } from './payments-kit.ts'
import { Whole } from './whole.ts'

describe('a backfill that several processes share', () => {
  const events = Array.from({ length: 60 }, (_, i) => payment(`p${i}`, 15 + (i % 5), { card_id: `c${i % 20}` }))

  async function waiting() {
    time.now = T + 20 * DAY
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock).open()
    await whole.load('payments', events)
    const [timeline] = whole.model.timelines.values()
    const run = (worker: string, onPart: (part: number) => void = () => {}, signal = new AbortController().signal) =>
      backfillTimeline(timeline!, {
        ...whole.stores,
        ...{ now: clock, clock: 'wall', signal, worker, partRows: 5 },
        onProgress: ({ part }) => onPart(part),
      })
    const counts = async () => {
      await whole.vectors.refresh()
      const rows = Array.from({ length: 20 }, (_, i) => ({ keys: { card_id: `c${i}` }, at: time.now }))
      const answers = await whole.vectors.answerBatch('s', rows)
      return answers.map((answer) => (answer as { features: Record<string, unknown> }).features.g__n_7d)
    }
    return { run, counts }
  }

  it('gives each part to one of them, and all say that it is complete', async () => {
    const { run, counts } = await waiting()
    const told = [new Set<number>(), new Set<number>(), new Set<number>()]
    const results = await Promise.all(told.map((own, i) => run(`w${i}`, (part) => own.add(part))))
    for (const result of results) expect(result).toMatchObject({ rows: 60, refused: 0 })
    const parts = told.flatMap((own) => [...own])
    expect(parts.length).toBeGreaterThan(6)
    expect(new Set(parts).size).toBe(parts.length)
    expect(told.filter(({ size }) => size > 0).length).toBeGreaterThan(1)
    expect(await counts()).toEqual(Array(20).fill(3))
  })

  it('goes on without one that was stopped', async () => {
    const { run, counts } = await waiting()
    const stop = new AbortController()
    await expect(run('stops', () => stop.abort(), stop.signal)).rejects.toThrow(/abort/i)
    expect((await run('goes on')).rows).toBe(60)
    expect(await counts()).toEqual(Array(20).fill(3))
  })

  it('takes over a part whose worker says nothing any more, and bears with it when it comes back', async () => {
    const { run, counts } = await waiting()
    let others: Promise<unknown> | undefined
    const sleeper = await run('sleeps', () => {
      // In the middle of a part it is as if the clock stood still for it, and others go on.
      time.now += 60_000
      others ??= run('takes over')
    })
    await others
    expect(sleeper.rows).toBe(60)
    expect(await counts()).toEqual(Array(20).fill(3))
  })
})
