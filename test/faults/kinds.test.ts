import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { expect } from 'vitest'
import { SeededRandom } from '../stores/seeded-random.ts'
import { hang, killOne, untilReady } from './breakages/processes.ts'
import type { Installation } from './installation.ts'
import { scenario, times } from './scenario.ts'
import { DATABASE } from './servers.ts'
import { TABLE, TOPIC } from './world/world.ts'

const VISITS_AT_ONCE = 12
const PAUSE_MS = 150

/** Sends visits, and messages of kinds that nobody takes, until it is ended; answers the ids of all visits that Kafka has. */
function visitors({ servers }: Installation, seed: number) {
  const random = new SeededRandom(seed)
  const ids: string[] = []
  let open = true
  const run = async () => {
    const producer = new Kafka({ brokers: [...servers.kafka.addresses], logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    while (open) {
      const sent = Array.from({ length: VISITS_AT_ONCE }, (_, i) => `v${ids.length + i}`)
      const messages = sent.flatMap((id) => {
        const occurred_at = new Date(Date.now() - random.below(60_000)).toISOString()
        const message = (kind: string | number) => ({
          key: id,
          value: JSON.stringify({ kind, id, occurred_at, card_id: `c${random.below(20)}` }),
        })
        return random.below(3) === 0 ? [message('rate'), message(7)] : [message('visit')]
      })
      await producer.send({ topic: TOPIC, messages, acks: -1 })
      ids.push(...sent)
      await sleep(PAUSE_MS)
    }
    await producer.disconnect()
    return ids
  }
  const running = run()
  return async () => {
    open = false
    return running
  }
}

/** The first column of a query's answer. */
async function column({ servers }: Installation, sql: string): Promise<string[]> {
  const text = await servers.clickhouse.ask(`${sql} FORMAT TabSeparated`)
  return text.split('\n').filter((line) => line !== '')
}

scenario(
  'two archivers of a topic that two sources share, killed and hung in turn: no row is missing or at two places, and hand-over goes on',
  { seed: 49, variant: 'kinds' },
  async (installation) => {
    await installation.open()
    await installation.started('archive')
    await installation.untilOk()
    const stop = visitors(installation, 50)
    const random = new SeededRandom(51)
    const archivers = installation.all('archive')
    for (let round = 0; round < times(1, 6); round++) {
      for (let kill = 0; kill < 4; kill++) await killOne(archivers, random)
      await untilReady(installation)
      await hang(random.pick(archivers))
    }
    const visits = await stop()
    await installation.producer.settle()
    await installation.untilArchived()
    expect(visits.length).toBeGreaterThan(100)
    expect(await column(installation, `SELECT DISTINCT id FROM ${DATABASE}.visits ORDER BY id`)).toEqual(visits.sort())
    const places = `SELECT id FROM ${DATABASE}.visits GROUP BY id HAVING uniqExact(_origin, _sequence) != 1`
    expect(await column(installation, places)).toEqual([])
    const origins = `SELECT DISTINCT replaceRegexpOne(_origin, '^.*/([a-z]+)[.][0-9a-f]+$', '\\\\1') FROM ${DATABASE}`
    expect(await column(installation, `${origins}.visits`)).toEqual(['visits'])
    expect(await column(installation, `${origins}.${TABLE}`)).toEqual(['payments'])
    const versions = installation.ledger.payments.map(({ id, version }) => `${id}/${version}`)
    const archived = await column(
      installation,
      `SELECT DISTINCT concat(id, '/', toString(updated_at)) FROM ${DATABASE}.${TABLE}`,
    )
    expect(archived.sort()).toEqual([...new Set(versions)].sort())
    // And all is accounted for: an emptied store is filled from it, of both sources.
    installation.producer.start()
    installation.servers.redis!.cli('flushall')
    await sleep(2_000)
    await installation.fill()
    await installation.untilOk()
  },
)
