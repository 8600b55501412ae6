import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { logOrigin } from '../../../src/stores/archive-columns.ts'
import { temporaryFolder } from '../../stores/temporary-folder.ts'
import type { Installation } from '../installation.ts'
import { DATABASE } from '../servers.ts'
import { type Payment, paymentJson } from '../world/payment.ts'
import type { Sending } from '../world/traffic.ts'
import { TOPIC } from '../world/world.ts'

/** Offsets of one partition that are nowhere any more: from the first, up to and without the last. */
export interface LostOffsets {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** Streams and archivers stand still, and the log loses what comes meanwhile; then they go on. */
export async function loseWhileAllAreDown(
  installation: Installation,
  send: () => Promise<void>,
): Promise<LostOffsets[]> {
  const { servers } = installation
  const workers = [...installation.all('archive'), ...installation.all('stream')]
  for (const worker of workers) await worker.stop()
  await send()
  const archived = await servers.archivedBelow()
  const ends = await servers.ends()
  await servers.deleteBelow(ends)
  for (const worker of workers) await worker.start()
  return ends
    .map((to, partition) => ({ partition, from: archived[partition]!, to }))
    .filter(({ from, to }) => from < to)
}

/** Puts messages into the topic of which nobody else knows. */
export async function sendInSecret({ servers }: Installation, sendings: readonly Sending[]): Promise<void> {
  const producer = new Kafka({ brokers: [...servers.kafka.addresses], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  await producer.send({ topic: TOPIC, messages: sendings.map(({ text }, i) => ({ key: String(i), value: text })) })
  await producer.disconnect()
}

/** Loads payments into the archive, as whoever sent them has them in a file. */
export async function loadArchive(installation: Installation, payments: readonly Payment[]): Promise<void> {
  const folder = await temporaryFolder()
  try {
    const file = join(folder.path, 'payments.ndjson')
    await writeFile(file, payments.map((payment) => `${JSON.stringify(paymentJson(payment))}\n`).join(''))
    const { code, said } = await installation.run('ingest', 'payments', file, '--archive')
    if (code !== 0) throw new Error(`ingest ended with ${code}:\n${said}`)
  } finally {
    await folder.remove()
  }
}

/** Says that offsets are accounted for, as docs/operation/running.md shows it. */
export async function accountFor({ servers }: Installation, lost: readonly LostOffsets[]): Promise<void> {
  for (const { partition, from, to } of lost) {
    await servers.clickhouse.ask(
      `INSERT INTO ${DATABASE}.millrace_skipped (noted_at, _origin, _sequence, _arrived_ms)
       SELECT now64(3), '${logOrigin(TOPIC, partition)}', ${from} + number, now64(3) FROM numbers(${to - from})`,
    )
  }
}
