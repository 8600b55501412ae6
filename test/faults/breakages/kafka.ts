import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaServer } from '../../../scripts/servers/kafka-server.ts'
import type { Installation } from '../installation.ts'

export async function restartBroker(broker: KafkaServer, signal: NodeJS.Signals, away_ms: number): Promise<void> {
  await broker.stop(signal)
  await sleep(away_ms)
  await broker.start()
}

/** The log loses what it has while no stream worker runs, and the archive has all of it. */
export async function loseWhileStreamsAreDown(installation: Installation, down_ms: number): Promise<void> {
  const streams = installation.all('stream')
  for (const stream of streams) await stream.stop()
  await sleep(down_ms)
  await installation.untilArchived()
  await installation.servers.deleteBelow(await installation.servers.archivedBelow())
  for (const stream of streams) await stream.start()
}
