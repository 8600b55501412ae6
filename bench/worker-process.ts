import type { EventLog } from '../src/stores/event-log.ts'
import { KafkaEventLog } from '../src/stores/log/kafka/kafka.ts'
import { openRedisOnlineStore } from '../src/stores/online/redis/redis-online-store.ts'
import type { OnlineStore, TimelineAppend } from '../src/stores/online-store.ts'
import { registerTimelines } from '../src/stores/timeline-registry.ts'
import { TimelineWriter } from '../src/stores/timeline-writer.ts'
import { TopicStream } from '../src/stream/topic-stream.ts'
import { cardModel } from './card-model.ts'
import { madeMs } from './worker-events.ts'

/** Events of one append when a stage is run alone: about what a stream takes at once. */
const STAGE_BATCH = 2_500

/** What the parent asks for, one after another. */
export type Order =
  /** Carry until so many events were carried; measured from `warm` on. */
  | { readonly order: 'carry'; readonly events: number; readonly warm: number }
  /** Do each part of the work alone, on so many events. */
  | { readonly order: 'stages'; readonly events: number; readonly partitions: number }
  /** Forget the ages measured so far. */
  | { readonly order: 'fresh' }
  /** Answer the ages of all events that became visible since. */
  | { readonly order: 'ages' }

export interface Used {
  readonly events: number
  readonly wall_ms: number
  readonly cpu_us: number
}

/** Answers by order. */
export interface Answers {
  readonly carry: { readonly warm: Used; readonly whole: Used }
  readonly stages: Readonly<Record<string, Used>>
  readonly fresh: null
  readonly ages: { readonly ages_ms: readonly number[]; readonly appends: number; readonly used: Used }
}

const [address, url] = process.argv.slice(2)
const begun = process.cpuUsage()
const log = new KafkaEventLog({ brokers: [address!], now: Date.now })
const store = await openRedisOnlineStore({ url: url!, now: Date.now })
const model = cardModel()
const source = model.sources.get('payments')!
const records = await registerTimelines(store, model, () => ({ 0: 0, 1: 0, 2: 0, 3: 0 }), Date.now())
const timelines = [...model.timelines.values()].map((timeline) => ({
  timeline,
  record: records.get(timeline.fingerprint)!,
}))
let onApplied = () => {}
const watched = watch(log, store)
const stream = new TopicStream({
  ...watched,
  group: 'bench',
  sources: [source],
  timelines,
  now: Date.now,
  expires: true,
  onQuarantine: (_, [refused]) => fail(refused!.reason),
  onGap: async () => fail('a gap'),
  onApplied: () => onApplied(),
  onTrouble: (message) => {
    if (message !== null) process.stderr.write(`${message}\n`)
  },
})

process.on('message', (order: Order) => void obey(order))
process.once('disconnect', () => process.exit(0))
process.send!('ready')
const stop = new AbortController()
let running: Promise<void> | null = null

async function obey(order: Order): Promise<void> {
  switch (order.order) {
    case 'carry':
      return answer(await carry(order.events, order.warm))
    case 'stages':
      stop.abort()
      await running
      return answer(await stages(order.events, order.partitions))
    case 'fresh':
      watched.begin()
      return answer(null)
    case 'ages':
      return answer(watched.end())
  }
}

function answer(value: Answers[keyof Answers]): void {
  process.send!(value)
}

async function carry(events: number, warm: number): Promise<Answers['carry']> {
  const whole = meter(begun)
  let warmed: ReturnType<typeof meter> | null = null
  let from = 0
  const done = new Promise<void>((resolve) => {
    onApplied = () => {
      if (warmed === null && stream.applied >= warm) {
        from = stream.applied
        warmed = meter()
      }
      if (stream.applied >= events) resolve()
    }
  })
  running = stream.run(stop.signal)
  await done
  onApplied = () => {}
  return { warm: warmed!(stream.applied - from), whole: whole(stream.applied) }
}

/** The work of the stream taken apart: each part runs alone over the same messages. */
async function stages(events: number, partitions: number): Promise<Answers['stages']> {
  const reader = new KafkaEventLog({ brokers: [address!], now: Date.now })
  const values: Uint8Array[] = []
  const positions = Array.from({ length: partitions }, () => 0)
  const used: Record<string, Used> = {}
  let took = meter()
  while (values.length < events) {
    const before = values.length
    for (const [partition, position] of positions.entries()) {
      const batch = await reader.read(source.topic, partition, position, STAGE_BATCH)
      positions[partition] = batch.nextOffset
      for (const value of batch.values) values.push(value)
    }
    if (values.length === before) await reader.wait(source.topic, 10)
  }
  used['Kafka client'] = took(values.length)
  await reader.close()

  // Parsed, encoded and sent batch by batch, as a stream does it, so that what is young is young here too.
  const writers = timelines.map(({ timeline, record }) => new TimelineWriter(timeline, record))
  const sum = { parsing: nothing(), 'rows and keys': nothing(), 'Redis client': nothing() }
  for (let at = 0; at < values.length; at += STAGE_BATCH) {
    const part = values.slice(at, at + STAGE_BATCH)
    took = meter()
    const parsed = part.map((value) => source.parser.parseBytes(value))
    sum.parsing = plus(sum.parsing, took(part.length))
    took = meter()
    for (const event of parsed) for (const writer of writers) writer.add(event)
    const appends: TimelineAppend[] = writers.flatMap((writer) => writer.take(Date.now()))
    sum['rows and keys'] = plus(sum['rows and keys'], took(part.length))
    took = meter()
    await store.append(appends)
    sum['Redis client'] = plus(sum['Redis client'], took(part.length))
  }
  return { ...used, ...sum }
}

/** Notes when each message that was read is visible in the store: when the append that moves its partition's mark past it resolves. */
function watch(log: EventLog, store: OnlineStore) {
  const read = log.read.bind(log)
  const append = store.append.bind(store)
  let reads: { partition: number; end: number; values: readonly Uint8Array[] }[] | null = null
  let seen: { visible_ms: number; values: readonly Uint8Array[] }[] = []
  let took = meter()
  let appends = 0
  log.read = async (topic, partition, offset, most) => {
    const batch = await read(topic, partition, offset, most)
    if (batch.values.length > 0) reads?.push({ partition, end: batch.nextOffset, values: batch.values })
    return batch
  }
  store.append = async (rows, moves = []) => {
    await append(rows, moves)
    if (reads === null) return
    const visible_ms = performance.timeOrigin + performance.now()
    const offsets = new Map(moves.map(({ partition, offset }) => [partition, offset]))
    appends++
    reads = reads.filter(({ partition, end, values }) => {
      if ((offsets.get(partition) ?? 0) < end) return true
      seen.push({ visible_ms, values })
      return false
    })
  }
  return {
    log,
    store,
    begin() {
      reads = []
      seen = []
      appends = 0
      took = meter()
    },
    end(): Answers['ages'] {
      const used = took(seen.reduce((sum, { values }) => sum + values.length, 0))
      reads = null
      const ages_ms = seen.flatMap(({ visible_ms, values }) => values.map((value) => visible_ms - madeMs(value)))
      return { ages_ms, appends, used }
    },
  }
}

function meter(cpu = process.cpuUsage()): (events: number) => Used {
  const from_ms = performance.now()
  return (events) => {
    const { user, system } = process.cpuUsage(cpu)
    return { events, wall_ms: performance.now() - from_ms, cpu_us: user + system }
  }
}

function nothing(): Used {
  return { events: 0, wall_ms: 0, cpu_us: 0 }
}

function plus(a: Used, b: Used): Used {
  return { events: a.events + b.events, wall_ms: a.wall_ms + b.wall_ms, cpu_us: a.cpu_us + b.cpu_us }
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
