import { setTimeout as sleep } from 'node:timers/promises'
import { comeBackEmpty } from './breakages/redis.ts'
import { failOver, takeOverFromBehind } from './breakages/redis-cluster.ts'
import { scenario, times } from './scenario.ts'

// A replica may be promoted however long it was cut off: what it lacks is for the marks to tell.
const redisArgs = ['--cluster-replica-validity-factor', '0']

scenario(
  'a cluster of Redis fails over under load',
  { seed: 31, redisReplicas: 1, redisArgs },
  async (installation) => {
    await installation.open()
    for (let round = 0; round < times(2, 12); round++) {
      await sleep(2_000)
      await failOver(installation.servers.cluster!, round % 3)
    }
  },
)

scenario(
  'a cluster of Redis fails over to a replica held behind: what it lacks is carried again',
  { seed: 32, redisReplicas: 1, redisArgs },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    for (let round = 0; round < times(2, 9); round++) {
      await takeOverFromBehind(installation.servers.cluster!, round % 3, 4_000)
      await sleep(2_000)
    }
  },
)

scenario(
  'a master of a cluster comes back empty: values are incomplete until they are back-filled',
  { seed: 33, redisReplicas: 0 },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    const { cluster } = installation.servers
    for (let round = 0; round < times(1, 6); round++) {
      await comeBackEmpty(cluster!.masters()[round % 3]!)
      await cluster!.agree()
      await sleep(2_000)
      await installation.fill()
      await installation.untilOk()
    }
  },
)
