import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from 'vitest'
import { SeededRandom } from '../stores/seeded-random.ts'
import { hang, killOne, untilReady } from './breakages/processes.ts'
import { scenario, times } from './scenario.ts'

describe('processes', () => {
  scenario(
    'killed -9 at any moment, also while they start: nothing is lost, nothing counts twice',
    { seed: 11 },
    async (installation) => {
      await installation.open({ streams: 2, serves: 2 })
      const random = new SeededRandom(12)
      for (let kill = 0; kill < times(14, 90); kill++) await killOne(installation.standing, random)
      await untilReady(installation)
    },
  )

  scenario('ended in order and started again: each ends with 0', { seed: 13 }, async (installation) => {
    await installation.open({ streams: 2, serves: 1 })
    for (let round = 0; round < times(1, 5); round++) {
      for (const process of installation.processes) {
        const code = await process.stop()
        if (code !== 0) throw new Error(`${process.name} ended with ${code}:\n${process.end(20)}`)
        await process.start()
      }
    }
  })
})

describe('stream workers', () => {
  scenario(
    'one hangs past its session, and goes on beside the one that has its partitions',
    { seed: 14 },
    async (installation) => {
      await installation.open({ streams: 2 })
      for (let round = 0; round < times(1, 6); round++) {
        for (const stream of installation.all('stream')) {
          await hang(stream)
          await sleep(2_000)
        }
      }
    },
  )

  scenario('come and go every few seconds', { seed: 15 }, async (installation) => {
    await installation.open({ streams: 1 })
    for (let round = 0; round < times(3, 20); round++) {
      const guest = await installation.started('stream')
      await sleep(1_500)
      await installation.retire(guest)
    }
  })

  scenario('a topic is given more partitions under load', { seed: 16, partitions: 3 }, async (installation) => {
    await installation.open({ streams: 2 })
    for (const partitions of [5, 8]) {
      await installation.servers.spread(partitions)
      await installation.producer.spread(partitions)
      await sleep(times(8_000, 40_000))
    }
  })
})
