import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedEventLog } from '../src/stores/log/embedded.ts'
import { openEmbeddedOnlineStore } from '../src/stores/online/embedded.ts'
import { registerTimelines } from '../src/stores/timeline-registry.ts'
import { TopicStream } from '../src/stream/topic-stream.ts'
import { cardModel, cardPayment } from './card-model.ts'
import type { Report } from './main.ts'

const EVENTS = 300_000
const BATCH = 5_000
const PARTITIONS = 4

/** Events through the embedded path: into the log, and from the log, parsed and encoded, to three timelines each. */
export async function streamBench(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const log = await openEmbeddedEventLog(join(folder, 'log'), { now: Date.now })
  const store = await openEmbeddedOnlineStore(join(folder, 'online'))
  try {
    const model = cardModel()
    const source = model.sources.get('payments')!
    await log.ensureTopic(source.topic, PARTITIONS)
    const now_ms = Date.now()
    const batches = Array.from({ length: EVENTS / BATCH }, (_, b) =>
      Array.from({ length: BATCH }, (_, i) => {
        const event = cardPayment(b * BATCH + i, now_ms - EVENTS + b * BATCH + i)
        return { key: event.card_id, value: Buffer.from(JSON.stringify(event)) }
      }),
    )
    let begun = performance.now()
    for (const batch of batches) await log.append(source.topic, batch)
    rate(report, `append to the log, durable, batches of ${BATCH}`, EVENTS, begun)

    const records = await registerTimelines(store, model, () => ({ 0: 0, 1: 0, 2: 0, 3: 0 }), now_ms)
    const stream = new TopicStream({
      log,
      store,
      group: 'bench',
      sources: [source],
      timelines: [...model.timelines.values()].map((timeline) => ({
        timeline,
        record: records.get(timeline.fingerprint)!,
      })),
      now: Date.now,
      expires: true,
      onQuarantine: (_, [refused]) => {
        throw new Error(refused!.reason)
      },
      onGap: async () => {},
    })
    const cpu = process.cpuUsage()
    begun = performance.now()
    while (await stream.step());
    rate(report, 'log -> online store, durable, 3 timelines an event', EVENTS, begun)
    const { user, system } = process.cpuUsage(cpu)
    report('the same per CPU-second', perSecond(EVENTS / ((user + system) / 1e6)))

    begun = performance.now()
    let events = 0
    for (const batch of batches) {
      for (const { value } of batch) {
        source.parser.parse(JSON.parse(value.toString('utf8')))
        events++
      }
    }
    rate(report, 'of which JSON.parse and the parser of the source alone', events, begun)
  } finally {
    await log.close()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function perSecond(rate: number): string {
  return `${Math.round(rate / 1_000)} k/s`
}

function rate(report: Report, name: string, count: number, begun: number): void {
  report(name, perSecond((count / (performance.now() - begun)) * 1_000))
}
