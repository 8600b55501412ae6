import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededRandom } from '../stores/seeded-random.ts'
import { killClickHouse } from './breakages/clickhouse.ts'
import { loseWhileStreamsAreDown, restartBroker } from './breakages/kafka.ts'
import { hang, killBackfills, killOne } from './breakages/processes.ts'
import { comeBackEmpty, fillMemory, freeMemory, killRedis, restore, snapshot } from './breakages/redis.ts'
import { failOver, takeOverFromBehind } from './breakages/redis-cluster.ts'
import type { Installation } from './installation.ts'

/** Something that is broken and repaired again; whatever values it makes incomplete are filled before it resolves. */
export interface Breakage {
  readonly name: string
  /** Which kind of Redis it is for; null: any. */
  readonly needs: 'single' | 'cluster' | null
  /** What it breaks: two that touch different things may happen at the same time. */
  readonly touches: readonly ('processes' | 'redis' | 'kafka' | 'clickhouse')[]
  play(installation: Installation, random: SeededRandom): Promise<void>
}

const CLUSTER_MASTERS = 3

const FILL_TRIES_MAX = 8
const FILL_PAUSE_MS = 2_000

export const breakages: readonly Breakage[] = [
  {
    name: 'kill-process',
    needs: null,
    touches: ['processes'],
    play: ({ standing }, random) => killOne(standing, random),
  },
  {
    name: 'kill-many',
    needs: null,
    touches: ['processes'],
    async play({ standing }, random) {
      for (let kill = 0; kill < 5; kill++) await killOne(standing, random)
    },
  },
  {
    name: 'hang-stream',
    needs: null,
    touches: ['processes'],
    play: (installation, random) => hang(random.pick(installation.all('stream'))),
  },
  {
    name: 'guest-stream',
    needs: null,
    touches: ['processes'],
    async play(installation, random) {
      const guest = await installation.started('stream')
      await sleep(random.below(5_000))
      await installation.retire(guest)
    },
  },
  {
    name: 'kill-backfills',
    needs: null,
    touches: ['processes'],
    async play(installation, random) {
      await killBackfills(installation, 2, random)
      await fillAtLast(installation)
    },
  },
  {
    name: 'restart-broker',
    needs: null,
    touches: ['kafka'],
    play({ servers }, random) {
      const signal = random.pick(['SIGKILL', 'SIGTERM'] as const)
      return restartBroker(servers.kafka.servers[0]!, signal, random.below(4_000))
    },
  },
  {
    name: 'lose-log',
    needs: null,
    touches: ['processes', 'kafka'],
    async play(installation, random) {
      await loseWhileStreamsAreDown(installation, random.below(4_000))
      await fillAtLast(installation)
    },
  },
  {
    name: 'kill-clickhouse',
    needs: null,
    touches: ['clickhouse'],
    play: (installation, random) => killClickHouse(installation, random.below(6_000)),
  },
  {
    name: 'kill-redis',
    needs: 'single',
    touches: ['redis'],
    play: ({ servers }, random) => killRedis(servers.redis!, random.below(4_000)),
  },
  {
    name: 'restore-redis',
    needs: 'single',
    touches: ['redis'],
    async play({ servers }, random) {
      await snapshot(servers.redis!)
      await sleep(random.below(8_000))
      await restore(servers.redis!)
    },
  },
  {
    name: 'flush-redis',
    needs: 'single',
    touches: ['redis'],
    async play(installation, random) {
      installation.servers.redis!.cli('flushall')
      await sleep(random.below(4_000))
      await fillAtLast(installation)
    },
  },
  {
    name: 'empty-redis',
    needs: 'single',
    touches: ['redis'],
    async play(installation, random) {
      await comeBackEmpty(installation.servers.redis!)
      await sleep(random.below(4_000))
      await fillAtLast(installation)
    },
  },
  {
    name: 'fill-redis-memory',
    needs: 'single',
    touches: ['redis'],
    async play({ servers }, random) {
      fillMemory(servers.redis!)
      await sleep(random.below(6_000))
      freeMemory(servers.redis!)
    },
  },
  {
    name: 'evicting-redis',
    needs: 'single',
    touches: ['redis'],
    async play({ servers }, random) {
      servers.redis!.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru')
      await sleep(random.below(4_000))
      servers.redis!.cli('config', 'set', 'maxmemory-policy', 'noeviction')
    },
  },
  {
    name: 'fail-over',
    needs: 'cluster',
    touches: ['redis'],
    play: ({ servers }, random) => failOver(servers.cluster!, random.below(CLUSTER_MASTERS)),
  },
  {
    name: 'take-over-from-behind',
    needs: 'cluster',
    touches: ['redis'],
    play: ({ servers }, random) =>
      takeOverFromBehind(servers.cluster!, random.below(CLUSTER_MASTERS), 1_000 + random.below(5_000)),
  },
]

/** Backfills may fail while something else is broken: they are tried again, as a supervisor would. */
export async function fillAtLast(installation: Installation): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { code, said } = await installation.backfill()
    if (code === 0) return
    if (tries === FILL_TRIES_MAX) throw new Error(`backfill failed ${tries} times, at last with ${code}:\n${said}`)
    await sleep(FILL_PAUSE_MS)
  }
}
