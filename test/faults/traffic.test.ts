import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { scenario, times } from './scenario.ts'

scenario(
  'events that come twice, shuffled, days late, early, corrected, taken back, or are no events at all',
  { seed: 51, rate: 200 },
  async (installation) => {
    await installation.open({ streams: 2, serves: 2, history: 1_500 })
    await installation.untilOk()
    installation.judge.stays.on()
    await sleep(times(12_000, 180_000))
    expect(installation.judge.stays.watched).toBeGreaterThan(100)
  },
)
