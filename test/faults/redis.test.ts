import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { comeBackEmpty, fillMemory, freeMemory, killRedis, restore, snapshot } from './breakages/redis.ts'
import type { Installation } from './installation.ts'
import type { MillraceProcess } from './processes/millrace-process.ts'
import { scenario, times } from './scenario.ts'

/** Waits until a process says so in `/readyz`. */
function untilSaid(installation: Installation, process: MillraceProcess, text: RegExp): Promise<void> {
  return installation.until(`${process.name} says ${text}`, async () =>
    text.test(await installation.readiness(process)),
  )
}

/** Waits until a process tells of it in its log. */
function untilHeard(installation: Installation, process: MillraceProcess, text: RegExp): Promise<void> {
  return installation.until(`${process.name} tells of ${text}`, async () => text.test(process.end(200)))
}

scenario(
  'Redis killed -9 under load: what its log on disk lacks is carried again',
  { seed: 21 },
  async (installation) => {
    await installation.open()
    for (let kill = 0; kill < times(3, 15); kill++) {
      await sleep(2_000)
      await killRedis(installation.servers.redis!, [0, 800, 3_000][kill % 3]!)
    }
  },
)

scenario('Redis restored from an older snapshot: it goes back, and replays', { seed: 22 }, async (installation) => {
  await installation.open()
  await installation.untilOk()
  for (let round = 0; round < times(1, 5); round++) {
    await snapshot(installation.servers.redis!)
    await sleep(4_000)
    await restore(installation.servers.redis!)
    await installation.untilOk()
  }
})

scenario('Redis emptied: every value is incomplete until it is back-filled', { seed: 23 }, async (installation) => {
  await installation.open()
  await installation.untilOk()
  const [serve] = installation.all('serve')
  for (let round = 0; round < times(2, 6); round++) {
    if (round % 2 === 0) installation.servers.redis!.cli('flushall')
    else await comeBackEmpty(installation.servers.redis!)
    await installation.until('nothing is ok', async () => {
      const statuses = await installation.statuses(serve!)
      return [...statuses.values()].every((status) => status !== 'ok')
    })
    await sleep(2_000)
    await installation.fill()
    await installation.untilOk()
  }
})

scenario(
  'Redis at its memory limit: it is told, nothing is lost, and all goes on once there is more',
  { seed: 24 },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    const [stream] = installation.all('stream')
    for (let round = 0; round < times(1, 4); round++) {
      fillMemory(installation.servers.redis!)
      await untilSaid(installation, stream!, /memory/i)
      await sleep(2_000)
      freeMemory(installation.servers.redis!)
      await untilSaid(installation, stream!, /"status":"ready"/)
      await installation.untilOk()
    }
  },
)

scenario('Redis with an eviction policy is refused until it has none', { seed: 25 }, async (installation) => {
  await installation.open()
  await installation.untilOk()
  const redis = installation.servers.redis!
  const [stream] = installation.all('stream')
  const [serve] = installation.all('serve')
  for (let round = 0; round < times(1, 4); round++) {
    redis.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    await untilSaid(installation, stream!, /allkeys-lru|evict/i)
    await untilSaid(installation, serve!, /allkeys-lru|evict/i)
    expect((await installation.statuses(serve!)).size).toBe(0)
    // One that begins meanwhile waits, too.
    const guest = installation.process('stream')
    const begun = guest.start()
    await untilHeard(installation, guest, /"where":"Redis".*allkeys-lru/)
    redis.cli('config', 'set', 'maxmemory-policy', 'noeviction')
    await begun
    await installation.retire(guest)
    await untilSaid(installation, stream!, /"status":"ready"/)
    await untilSaid(installation, serve!, /"status":"ready"/)
    await installation.untilOk()
  }
})
