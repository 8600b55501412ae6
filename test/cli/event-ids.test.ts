import { expect, it } from 'vitest'
import { loadArchive } from '../../src/cli/archive-load.ts'
import { eventIds } from '../../src/cli/event-ids.ts'
import { makeIntake } from '../../src/cli/intake.ts'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, source, z } from '../../src/index.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { archiveColumns } from '../../src/stores/archive-columns.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { hash64Hex } from '../../src/timeline/id-hash.ts'

const NOW = Date.UTC(2026, 0, 1)
const sent = (id: string) => ({ number: id, at: NOW, card: 'c' })
const hashed = (id: string, time_ms = NOW) => ({ id_hash: hash64Hex(id), time_ms })

async function world(options: object) {
  const cards = source('cards', {
    schema: z.object({ number: z.string(), at: z.int(), card: z.string() }),
    ...{ id: 'number', time: 'at' },
    ...options,
  })
  const byCard = featureGroup('by_card', {
    source: cards,
    entity: entity('card', { key: { card: z.string() } }),
    features: { n: count().over('7d') },
  })
  const model = resolveModel(collect([{ file: 'definitions.ts', exports: { cards, byCard } }]))
  const log = new MemoryEventLog({ now: () => NOW })
  const archive = new MemoryEventArchive()
  const modelled = model.sources.get('cards')!
  const [topic, table] = [modelled.topic, modelled.archive?.table]
  const columns = archiveColumns(modelled)
  return {
    log: async (...ids: string[]) => {
      await log.ensureTopic(topic, 2)
      const events = ids.map((id) => ({ parsed: modelled.rawParser.parse(sent(id)), raw: JSON.stringify(sent(id)) }))
      await makeIntake(log, model)(modelled, events)
    },
    broken: () => log.append(topic, [{ key: 'x', value: new TextEncoder().encode('{') }]),
    archive: async (...ids: string[]) => {
      await archive.create(table!, columns, 'at')
      const lines = ids.map((id, n) => JSON.stringify({ n, e: sent(id) })).join('\n')
      await loadArchive(archive, modelled, 'file/a', lines, NOW)
    },
    ids: (...events: { id_hash: string; time_ms: number }[]) => eventIds(modelled, { log, archive }, events),
  }
}

const STREAM = { stream: { topic: 'bank' } }
const ARCHIVE = { archive: { table: 'cards' } }

it('an id comes from the archive, else from the log, else it is not known', async () => {
  const it = await world({ ...STREAM, ...ARCHIVE })
  expect(await it.ids(hashed('p1'))).toEqual([null])
  await it.log('p2', 'p3')
  await it.broken()
  await it.log('p4')
  expect(await it.ids(hashed('p4'), hashed('p1'), hashed('p2'))).toEqual(['p4', null, 'p2'])
  await it.archive('p1', 'p2')
  expect(await it.ids(hashed('p4'), hashed('p1'), hashed('p2'), hashed('p5'))).toEqual(['p4', 'p1', 'p2', null])
  expect(await it.ids(hashed('p2', NOW - 1), hashed('p4', NOW - 1))).toEqual([null, null])
  expect(await it.ids()).toEqual([])
})

it('a source may have but one of the two', async () => {
  const streamed = await world(STREAM)
  await streamed.log('p1')
  expect(await streamed.ids(hashed('p1'), hashed('p2'))).toEqual(['p1', null])
  const archived = await world(ARCHIVE)
  await archived.archive('p1')
  expect(await archived.ids(hashed('p1'), hashed('p2'))).toEqual(['p1', null])
})
