import { expect, it } from 'vitest'
import { ArchiveWorker } from '../../src/cli/archive-worker.ts'
import { Troubles } from '../../src/cli/troubles.ts'
import { count } from '../../src/index.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { type ArchiveHole, holeText, noteHole, openHoles } from '../../src/stores/archive-holes.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { noteSkipped } from '../../src/stores/skipped-offsets.ts'
import { clock, modelOf, payment } from './payments-kit.ts'

const model = modelOf({ n: count().over('20d') })
const source = model.sources.get('payments')!

/** An archiver of one partition that stood still while the log lost the offsets 3 to 6. */
async function holed() {
  const [store, log, archive] = [new MemoryOnlineStore(), new MemoryEventLog({ now: clock }), new MemoryEventArchive()]
  await log.ensureTopic('payments', 1)
  const send = (ids: string) =>
    log.append(
      'payments',
      [...ids].map((id) => ({ key: id, value: Buffer.from(JSON.stringify(payment(id, 19))) })),
    )
  const reasons: string[] = []
  const archiver = new ArchiveWorker({
    ...{ model, log, archive, now: clock, troubles: new Troubles() },
    onGap: async (from, reason, hole) => {
      reasons.push(reason)
      await noteHole(store, from, hole)
    },
  }).archivers.get('payments')!
  await send('abc')
  await archiver.step()
  await send('defghi')
  await log.trim('payments', 0, 7, Number.POSITIVE_INFINITY)
  for (let i = 0; i < 3; i++) await archiver.step()
  const open = async () => (await openHoles(store, archive, source)).map((hole) => [hole.from, hole.to, hole.missing])
  return { store, archive, archiver, reasons, open }
}

const account = (archive: MemoryEventArchive, ...offsets: number[]) =>
  noteSkipped(
    archive,
    source,
    0,
    offsets.map((offset) => [offset, offset + 1]),
    clock(),
  )

it('names what the log lost before it was archived, until all of it is accounted for', async () => {
  const { store, archive, archiver, reasons, open } = await holed()
  expect(reasons).toEqual(['the log lost the messages 3 to 7 of payments/0 before they were archived'])
  expect(archiver.positions.get(0)).toBe(9)
  expect(await open()).toEqual([[3, 7, 4]])
  const [hole] = await openHoles(store, archive, source)
  expect(holeText(source, hole!)).toBe(
    'payments lacks 4 of the events that payments/0 had at the offsets 3 to 6: the log lost them before they were archived',
  )
  await account(archive, 3, 5)
  expect(await open()).toEqual([[3, 7, 2]])
  await account(archive, 4, 6)
  expect(await open()).toEqual([])
  expect((await store.document('holes/payments'))?.value).toEqual([])
})

it('keeps several holes apart, and one that is found again once', async () => {
  const { store, archive, open } = await holed()
  const hole = (from: number, to: number, more: Partial<ArchiveHole> = {}): ArchiveHole => ({
    ...{ partition: 0, incarnation: 1, from, to, noted_ms: 1 },
    ...more,
  })
  for (const one of [hole(3, 7), hole(20, 25), hole(3, 7, { partition: 1 }), hole(3, 7, { incarnation: 2 })]) {
    await noteHole(store, source, one)
  }
  expect((await open()).sort()).toEqual([
    [20, 25, 5],
    [3, 7, 4],
    [3, 7, 4],
    [3, 7, 4],
  ])
  await account(archive, 3, 4, 5, 6)
  expect((await open()).length).toBe(3)
  // One that is found while others are looked at stays.
  await noteHole(store, source, hole(18, 26))
  expect((await open()).filter(([from]) => from! > 10)).toEqual([[18, 26, 8]])
})
