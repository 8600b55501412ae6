import { describe, expect, it } from 'vitest'
import { count } from '../../src/index.ts'
import { ForgetfulStore } from './forgetful-store.ts'
import { clock, DAY, modelOf, payment, T, time, values } from './payments-kit.ts'
import { memoryStores, Whole } from './whole.ts'

describe('an online store that loses what it held', () => {
  const events = [payment('a', 15), payment('b', 19)]

  async function filled() {
    time.now = T + 20 * DAY
    const lossy = new ForgetfulStore()
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock, {
      ...memoryStores(clock),
      store: lossy.store,
    }).open()
    const empty = await lossy.remember()
    await whole.load('payments', events)
    await whole.backfill()
    expect(await values(whole)).toEqual([2])
    return { lossy, whole, empty }
  }

  it('says so of rows of a backfill, though the node that knows of the backfill lost nothing', async () => {
    const { lossy, whole, empty } = await filled()
    await lossy.goBack(empty, { documents: 'stay' })
    await whole.vectors.refresh()
    expect(await values(whole)).toEqual(['incomplete'])
    await whole.backfill()
    expect(await values(whole)).toEqual([2])
  })

  it('goes on with a backfill that was under way only behind the parts that it still holds', async () => {
    const { lossy, whole, empty } = await filled()
    const before = await lossy.remember()
    // The second run is broken off: its only part is done, and nothing was said of it.
    await lossy.goBack({ ...empty, documents: before.documents }, { documents: 'go' })
    await whole.backfill()
    expect(await values(whole)).toEqual([2])
  })

  it('is filled and carried again when it was emptied, and answers nothing before', async () => {
    const { lossy, whole } = await filled()
    await whole.send('payments', [payment('c', 19)])
    await whole.stream()
    expect(await values(whole)).toEqual([3])
    await lossy.forget()
    await whole.vectors.refresh()
    await expect(values(whole)).rejects.toMatchObject({ code: 'NOT_READY' })
    await whole.stream()
    expect(await values(whole)).toEqual(['incomplete'])
    await whole.backfill()
    expect(await values(whole)).toEqual([3])
  })

  it('numbers rows as before where a process still knows how', async () => {
    const { lossy, whole } = await filled()
    const [before] = whole.records.values()
    time.now += DAY
    await lossy.forget()
    await whole.stream()
    expect([...whole.records.values()][0]!.schemas).toEqual(before!.schemas)
  })
})
