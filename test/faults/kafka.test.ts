import { setTimeout as sleep } from 'node:timers/promises'
import { loseWhileStreamsAreDown, restartBroker } from './breakages/kafka.ts'
import { scenario, times } from './scenario.ts'

scenario('the broker is restarted under load, by kill -9 and in order', { seed: 41 }, async (installation) => {
  await installation.open({ streams: 2 })
  const [broker] = installation.servers.kafka.servers
  for (let round = 0; round < times(2, 8); round++) {
    await sleep(2_000)
    await restartBroker(broker!, round % 2 === 0 ? 'SIGKILL' : 'SIGTERM', 1_000)
  }
})

scenario('of three brokers one is lost, each in turn', { seed: 42, brokers: 3 }, async (installation) => {
  await installation.open()
  for (let round = 0; round < times(1, 3); round++) {
    for (const broker of installation.servers.kafka.servers) {
      await restartBroker(broker, 'SIGKILL', 4_000)
      await sleep(2_000)
    }
  }
})

scenario(
  'entities with events in all of 12 partitions, over three workers',
  { seed: 43, partitions: 12, rate: 150 },
  async (installation) => {
    await installation.open({ streams: 3 })
    await sleep(times(10_000, 60_000))
  },
)

scenario(
  'the log loses what no worker has read: it is told, and a backfill heals it',
  { seed: 44 },
  async (installation) => {
    await installation.open({ streams: 2 })
    await installation.untilOk()
    const [serve] = installation.all('serve')
    for (let round = 0; round < times(1, 4); round++) {
      await loseWhileStreamsAreDown(installation, 3_000)
      await installation.until('all is incomplete', async () => {
        const statuses = await installation.statuses(serve!)
        return statuses.size > 0 && [...statuses.values()].every((status) => status === 'incomplete')
      })
      await installation.until('the gap is told', () => /gap|lost/i.test(installation.logs(400)))
      await installation.fill()
      await installation.untilOk()
    }
  },
)
