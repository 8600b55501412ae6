import { describe, expect, it } from 'vitest'
import type { SourceModel } from '../../src/features/model.ts'
import { noteSampled, type SampledEvent, sampledEvents, withSampled } from '../../src/stores/event-sample.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'

const HOUR = 3_600_000
const WEEK = 7 * 24 * HOUR

const eventAt = (append_ms: number, offset = append_ms): SampledEvent => ({
  id: `e${offset}`,
  time_ms: append_ms,
  append_ms,
  partition: 0,
  offset,
})
const sampleOf = (times: readonly number[]) =>
  times.reduce<readonly SampledEvent[]>((sample, ms) => withSampled(sample, eventAt(ms), WEEK), [])

describe('the sample of what a stream carried', () => {
  it('is at most 50 events, the oldest and the newest among them, spread over the time between', () => {
    const sample = sampleOf(Array.from({ length: 4 * 24 * 60 }, (_, i) => i * 15_000))
    expect(sample).toHaveLength(50)
    expect([sample[0]!.append_ms, sample.at(-1)!.append_ms]).toEqual([0, 24 * HOUR - 15_000])
    const gaps = sample.slice(1).map(({ append_ms }, i) => append_ms - sample[i]!.append_ms)
    // Even ones would be half an hour.
    expect(Math.max(...gaps)).toBeLessThan(2 * HOUR)
  })

  it('is the same in whatever order its events come, while there is room', () => {
    const times = [5, 3, 9, 1, 7]
    expect(sampleOf(times).map(({ append_ms }) => append_ms)).toEqual([1, 3, 5, 7, 9])
  })

  it('lets go of what is old', () => {
    expect(sampleOf([0, HOUR, WEEK]).map(({ append_ms }) => append_ms)).toEqual([0, HOUR, WEEK])
    expect(sampleOf([0, HOUR, WEEK + 1]).map(({ append_ms }) => append_ms)).toEqual([HOUR, WEEK + 1])
  })

  it('has an event that is replayed once', () => {
    const sample = sampleOf([1, 2])
    expect(withSampled(sample, { ...eventAt(2), append_ms: 3 }, WEEK)).toBe(sample)
  })

  it('is kept longer where the table lags more, and shared by all who write it', async () => {
    const store = new MemoryOnlineStore()
    const source = { name: 'payments', archive: { table: 't', lag_ms: WEEK } } as SourceModel
    await Promise.all([0, 3 * WEEK, 4 * WEEK, 1, 2].map((ms) => noteSampled(store, source, eventAt(ms))))
    const kept = (await sampledEvents(store, 'payments')).map(({ append_ms }) => append_ms)
    expect(kept).toEqual([0, 1, 2, 3 * WEEK, 4 * WEEK])
    expect(await sampledEvents(store, 'others')).toEqual([])
  })
})
