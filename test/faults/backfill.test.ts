import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { SeededRandom } from '../stores/seeded-random.ts'
import { deleteArchived, restoreArchived } from './breakages/clickhouse.ts'
import { killBackfills } from './breakages/processes.ts'
import type { Installation } from './installation.ts'
import { scenario, times } from './scenario.ts'

/** Stream and archive overlap as much as chance wants; the API and traffic run, and nothing is filled yet. */
async function unfilled(installation: Installation, random: SeededRandom): Promise<void> {
  await installation.openLog(1_500)
  const ends = await installation.servers.ends()
  await installation.servers.deleteBelow(ends.map((end) => random.below(end + 1)))
  await Promise.all([installation.started('stream'), installation.started('serve')])
  installation.judge.start()
  installation.producer.start()
}

scenario(
  'a backfill is killed and resumed beside the stream: nothing is ever above the true value',
  { seed: 61 },
  async (installation) => {
    const random = new SeededRandom(62)
    await unfilled(installation, random)
    await killBackfills(installation, times(3, 25), random)
    await installation.fill()
    installation.judge.stays.on()
    await sleep(2_000)
  },
)

scenario(
  'a second backfill over live data changes nothing: what was ok stays ok',
  { seed: 63 },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    installation.judge.stays.on()
    for (let round = 0; round < times(2, 8); round++) await installation.fill()
    expect(installation.judge.stays.watched).toBeGreaterThan(50)
  },
)

scenario('two backfills at once fill everything', { seed: 64 }, async (installation) => {
  await unfilled(installation, new SeededRandom(65))
  await Promise.all([installation.fill(), installation.fill()])
  await installation.untilOk()
})

scenario(
  'an archive with a hole is found and named, and values stay incomplete until it is whole',
  { seed: 66 },
  async (installation) => {
    await installation.openLog(800)
    await installation.servers.deleteBelow(await installation.servers.ends())
    const lacking = await deleteArchived(installation.servers, 2, 5)
    await Promise.all([installation.started('stream'), installation.started('serve')])
    installation.judge.start()
    installation.producer.start()
    const { code, said } = await installation.backfill()
    expect([code, said]).toEqual([1, expect.stringContaining(`lacks ${lacking} of`)])
    const [serve] = installation.all('serve')
    expect(new Set((await installation.statuses(serve!)).values())).toEqual(new Set(['incomplete']))
    await restoreArchived(installation.servers)
    await installation.fill()
    await installation.untilOk()
  },
)
