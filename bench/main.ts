import { aggregatesBench } from './aggregates.ts'
import { archiveBench } from './archive.ts'
import { backfillBench } from './backfill.ts'
import { definitionsBench } from './definitions.ts'
import { eventLogBench } from './event-log.ts'
import { kafkaBench } from './kafka.ts'
import { onlineStoreBench } from './online-store.ts'
import { rebuildBench } from './rebuild.ts'
import { redisBench } from './redis.ts'
import { scaleBench } from './scale.ts'
import { servingBench } from './serving.ts'
import { streamBench } from './stream.ts'
import { workerBench } from './worker.ts'

/** What one benchmark tells, in the words of the person who reads it. */
export type Report = (name: string, value: string) => void

const BENCHES: Record<string, (report: Report) => Promise<void>> = {
  aggregates: aggregatesBench,
  serving: servingBench,
  stream: streamBench,
  backfill: backfillBench,
  'online-store': onlineStoreBench,
  'event-log': eventLogBench,
  archive: archiveBench,
  redis: redisBench,
  kafka: kafkaBench,
  worker: workerBench,
  scale: scaleBench,
  rebuild: rebuildBench,
  definitions: definitionsBench,
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in BENCHES))
if (unknown.length > 0) {
  process.stderr.write(
    `there is no benchmark '${unknown.join("', '")}': there are ${Object.keys(BENCHES).join(', ')}\n`,
  )
  process.exit(2)
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  process.stdout.write(`\n${name}\n`)
  await bench((what, value) => process.stdout.write(`  ${what.padEnd(64)} ${value}\n`))
}
process.exit(0)
