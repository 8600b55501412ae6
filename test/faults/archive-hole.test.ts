import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { accountFor, type LostOffsets, loadArchive, loseWhileAllAreDown, sendInSecret } from './breakages/archive.ts'
import type { Installation } from './installation.ts'
import { scenario, times } from './scenario.ts'
import { Traffic } from './world/traffic.ts'
import { TOPIC } from './world/world.ts'

interface Hole extends LostOffsets {
  readonly missing: number
}

/** The holes of the archive that `status` names. */
async function holes(installation: Installation): Promise<Hole[]> {
  const { said } = await installation.run('status', '--json')
  const text = said.slice(said.indexOf('{'), said.lastIndexOf('\n')).replace(/^status-\d+#\d+ /gm, '')
  const { sources } = JSON.parse(text) as { sources: { payments: { holes: (Hole & { text: string })[] } } }
  return sources.payments.holes.map(({ partition, from, to, missing }) => ({ partition, from, to, missing }))
}

/** What the archiver tells Prometheus that the archive lacks. */
async function missing(installation: Installation): Promise<number> {
  const [archiver] = installation.all('archive')
  const text = await fetch(`${archiver!.url}/metrics`).then((answer) => answer.text())
  return Number(/^millrace_archive_missing_events\{source="payments"\} (\d+)/m.exec(text)?.[1] ?? Number.NaN)
}

const byPartition = (a: LostOffsets, b: LostOffsets) => a.partition - b.partition
const total = (lost: readonly LostOffsets[]) => lost.reduce((sum, { from, to }) => sum + to - from, 0)

/** Stream and archive have both lost them: it is told everywhere, by partition and offset, and no backfill vouches for what is left. */
async function expectTold(installation: Installation, lost: readonly LostOffsets[]): Promise<void> {
  expect(lost.length).toBeGreaterThan(0)
  const [archiver, stream] = [installation.all('archive')[0]!, installation.all('stream')[0]!]
  for (const { partition, from, to } of lost) {
    const text = `the log lost the messages ${from} to ${to} of ${TOPIC}/${partition} before they were archived`
    await installation.until(`archive tells: ${text}`, () => archiver.end(400).includes(text))
    const place = new RegExp(
      `the log lost the messages \\d+ to ${to} of ${TOPIC}/${partition} before they were counted`,
    )
    await installation.until(`stream tells: ${place}`, () => place.test(stream.end(400)))
  }
  expect((await holes(installation)).sort(byPartition)).toEqual(
    lost.map((one) => ({ ...one, missing: one.to - one.from })),
  )
  expect(await missing(installation)).toBe(total(lost))
  const [serve] = installation.all('serve')
  await installation.until('all is incomplete', async () => {
    const statuses = await installation.statuses(serve!)
    return statuses.size > 0 && [...statuses.values()].every((status) => status === 'incomplete')
  })
  const { code, said } = await installation.backfill()
  const [{ from, to, partition }] = lost as [LostOffsets]
  const lacks = new RegExp(`lacks ${to - from} of .*${TOPIC}/${partition} .*the first of them at offset ${from}:`)
  expect([code, said]).toEqual([1, expect.stringMatching(lacks)])
}

async function expectHealed(installation: Installation): Promise<void> {
  await installation.fill()
  await installation.untilOk()
  expect(await holes(installation)).toEqual([])
  await installation.until('the metric says so', async () => (await missing(installation)) === 0)
}

scenario(
  'the archiver is down while the log loses events that nobody has counted: they are loaded from whoever sent them',
  { seed: 47 },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    for (let round = 0; round < times(1, 4); round++) {
      const lost = await loseWhileAllAreDown(installation, async () => {
        await sleep(2_000)
        await installation.producer.settle()
      })
      await expectTold(installation, lost)
      installation.producer.start()
      await loadArchive(installation, installation.ledger.payments)
      await accountFor(installation, lost)
      await expectHealed(installation)
    }
  },
)

scenario(
  'the archiver is down while the log loses events for good: they are given up, and named until then',
  { seed: 48 },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    for (let round = 0; round < times(1, 4); round++) {
      await installation.producer.settle()
      await installation.untilArchived()
      const secret = new Traffic({ seed: 4_800 + round }).history(60, Date.now())
      const lost = await loseWhileAllAreDown(installation, () => sendInSecret(installation, secret))
      expect(total(lost)).toBe(secret.length)
      installation.producer.start()
      await expectTold(installation, lost)
      await accountFor(installation, lost)
      await expectHealed(installation)
    }
  },
)
