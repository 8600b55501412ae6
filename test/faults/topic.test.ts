import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Installation } from './installation.ts'
import type { MillraceProcess } from './processes/millrace-process.ts'
import { scenario, times } from './scenario.ts'
import { TOPIC } from './world/world.ts'

const REPLACED = /was deleted and made anew.*millrace renew payments\.auth/

/** Waits until processes tell, in their logs, that the topic is another. */
async function untilTold(installation: Installation, processes: readonly MillraceProcess[]): Promise<void> {
  for (const process of processes) {
    await installation.until(`${process.name} tells of it`, () => REPLACED.test(process.end(400)))
  }
}

async function untilIncomplete(installation: Installation): Promise<void> {
  const [serve] = installation.all('serve')
  await installation.until('all is incomplete', async () => {
    const statuses = await installation.statuses(serve!)
    return statuses.size > 0 && [...statuses.values()].every((status) => status === 'incomplete')
  })
}

/** Begins anew with the topic, as an operator does once he knows that the archive has all that the old one had. */
async function renew(installation: Installation): Promise<void> {
  const looked = await installation.run('renew', TOPIC)
  expect([looked.code, looked.said]).toEqual([1, expect.stringContaining('Nothing was done')])
  const begun = await installation.run('renew', TOPIC, '--begin')
  expect([begun.code, begun.said]).toEqual([0, expect.stringContaining('Begun anew')])
}

scenario(
  'a topic deleted and made anew under load: it is told, values are incomplete, and it is renewed',
  { seed: 45 },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    const workers = [...installation.all('stream'), ...installation.all('archive')]
    for (let round = 0; round < times(1, 4); round++) {
      // What the old topic has beyond the archive is lost with it.
      await installation.producer.settle()
      await installation.untilArchived()
      await installation.servers.replaceTopic()
      installation.producer.start()
      await untilTold(installation, workers)
      await untilIncomplete(installation)
      for (const worker of workers) expect(await installation.readiness(worker)).toMatch(/"not_ready".*made anew/)
      const { said } = await installation.run('status')
      expect(said).toMatch(
        /Trouble with payments: .*partition 0 was counted up to offset [1-9]\d*, and has 0 to \d+ now/,
      )
      await renew(installation)
      await installation.fill()
      await installation.untilOk()
      for (const worker of workers) expect(await installation.readiness(worker)).toContain('"status":"ready"')
    }
  },
)

scenario(
  'a topic made anew while no worker runs, with more events than were counted of the old: none is taken for read',
  { seed: 46 },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    const workers = [...installation.all('stream'), ...installation.all('archive')]
    await installation.producer.settle()
    await installation.untilArchived()
    for (const worker of workers) await worker.stop()
    const before = await installation.servers.ends()
    await installation.servers.replaceTopic()
    const isMore = (ends: readonly number[]) => ends.every((end, partition) => end > before[partition]!)
    while (!isMore(await installation.servers.ends())) await installation.producer.history(500)
    for (const worker of workers) worker.spawn()
    await untilTold(installation, workers)
    await untilIncomplete(installation)
    const { code, said } = await installation.backfill()
    expect([code, said]).toEqual([1, expect.stringContaining(`millrace renew ${TOPIC}`)])
    installation.producer.start()
    await renew(installation)
    await installation.fill()
    await installation.untilOk()
    await sleep(1_000)
  },
)
