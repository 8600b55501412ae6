import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, type Producer as KafkaProducer, logLevel, type RecordMetadata } from 'kafkajs'
import { SeededRandom } from '../stores/seeded-random.ts'
import type { Ledger } from './judge/ledger.ts'
import type { Sending, Traffic } from './world/traffic.ts'
import { TOPIC } from './world/world.ts'

const TICK_MS = 100

/** Calls under way: with more, the log is away, and new events would only pile up. */
const CALLS_MAX = 12

const HTTP_PERCENT = 15
const RETRY_MS = 300
const PATIENCE_MS = 10_000
const HISTORY_BATCH = 500
const SETTLE_MS = 90_000

/** In place of a place: the message was not sent. */
const UNSENT = 'unsent'

export interface ProducerOptions {
  readonly brokers: readonly string[]
  readonly traffic: Traffic
  readonly ledger: Ledger
  readonly seed: number
  readonly partitions: number
  /** Events a second, without copies. */
  readonly rate: number
  /** What messages say that they are, in a topic that holds several kinds; null: nothing. */
  readonly kind?: string | null
  /** Where events are taken by HTTP; null: nowhere now. */
  readonly intake: () => string | null
}

/**
 * Sends traffic, most of it by Kafka, to any partition, and some by HTTP, and tells the ledger. What was not acknowledged is sent
 * again until it is: whether it was there already makes no difference.
 */
export class Producer {
  /** What the intake answered that it must not. */
  readonly problems: string[] = []
  partitions: number
  rate: number
  readonly #options: ProducerOptions
  readonly #random: SeededRandom
  readonly #kafka: Kafka
  #producer: KafkaProducer | null = null
  /** What has to be sent again. */
  #again: Sending[] = []
  #calls = 0
  #open = false
  #running: Promise<void> | null = null

  constructor(options: ProducerOptions) {
    this.#options = options
    this.partitions = options.partitions
    this.rate = options.rate
    this.#random = new SeededRandom(options.seed)
    this.#kafka = new Kafka({
      brokers: [...options.brokers],
      logLevel: logLevel.NOTHING,
      requestTimeout: 5_000,
      retry: { retries: 2, initialRetryTime: 100 },
    })
  }

  /** Sends past payments; resolves when all are acknowledged. */
  async history(count: number): Promise<void> {
    const sendings = this.#options.traffic.history(count, Date.now())
    for (let from = 0; from < sendings.length; from += HISTORY_BATCH) {
      await this.#byKafka(sendings.slice(from, from + HISTORY_BATCH))
    }
    await this.#sendAgain()
  }

  start(): void {
    this.#open = true
    this.#running = this.#run()
  }

  /** Stops, and sends what was held back or is not acknowledged until nothing is left. Throws where that takes too long. */
  async settle(): Promise<void> {
    this.#open = false
    await this.#running
    this.#running = null
    this.#again.push(...this.#options.traffic.rest())
    await this.#sendAgain()
  }

  /** After a topic was given more partitions: kafkajs learns of them with new connections only. */
  async spread(partitions: number): Promise<void> {
    const before = this.#producer
    this.#producer = null
    this.partitions = partitions
    await before?.disconnect()
  }

  async close(): Promise<void> {
    this.#open = false
    await this.#running
    await this.#producer?.disconnect().catch(() => {})
  }

  async #run(): Promise<void> {
    for (let due = 0; this.#open; await sleep(TICK_MS)) {
      if (this.#calls >= CALLS_MAX) continue
      due += (this.rate * TICK_MS) / 1_000
      const fresh = Math.floor(due)
      due -= fresh
      const sendings = [...this.#again.splice(0, 500), ...this.#options.traffic.live(fresh, Date.now())]
      const url = this.#options.intake()
      const byHttp: Sending[] = []
      const byKafka: Sending[] = []
      for (const sending of sendings) {
        if (url !== null && this.#random.below(100) < HTTP_PERCENT) byHttp.push(sending)
        else byKafka.push(sending)
      }
      // Not awaited: a log that is slow for one partition does not hold up the others.
      if (byKafka.length > 0) void this.#byKafka(byKafka)
      if (byHttp.length > 0) void this.#byHttp(url!, byHttp)
    }
  }

  async #sendAgain(): Promise<void> {
    const until = Date.now() + SETTLE_MS
    while (this.#calls > 0 || this.#again.length > 0) {
      if (Date.now() > until) throw new Error(`${this.#again.length} events could not be sent in ${SETTLE_MS} ms`)
      const sendings = this.#again.splice(0, HISTORY_BATCH)
      if (sendings.length > 0) await this.#byKafka(sendings)
      else await sleep(20)
    }
  }

  async #byKafka(sendings: readonly Sending[]): Promise<void> {
    await this.#call(sendings, async () => {
      if (this.#producer === null) {
        const producer = this.#kafka.producer({ allowAutoTopicCreation: false })
        this.#producer = producer
        await producer.connect()
      }
      const messages = sendings.map(({ payment, text }) => ({
        key: payment?.card_id ?? null,
        value: this.#said(text, payment !== null),
        partition: this.#random.below(this.partitions),
      }))
      const records = await this.#producer.send({ topic: TOPIC, messages, acks: -1 })
      const places = placesOf(messages, records)
      // kafkajs says nothing of partitions that have no leader: it leaves their messages out.
      const left = sendings.filter((_, i) => places[i] === null)
      if (left.length > 0) this.#again.push(...left)
      return places.map((place) => place ?? UNSENT)
    })
  }

  #said(text: string, valid: boolean): string {
    const { kind = null } = this.#options
    return kind === null || !valid ? text : `{"kind":${JSON.stringify(kind)},${text.slice(1)}`
  }

  async #byHttp(url: string, sendings: readonly Sending[]): Promise<void> {
    await this.#call(sendings, async () => {
      const response = await fetch(`${url}/v1/sources/payments/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: sendings.map(({ payment, text }) => this.#said(text, payment !== null)).join('\n'),
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const text = await response.text()
      const invalid = sendings.filter(({ payment }) => payment === null).length
      const expected = invalid === sendings.length ? 422 : 200
      if (response.status >= 500) throw new Error(text)
      const { accepted, rejected } = JSON.parse(text) as { accepted?: number; rejected?: readonly unknown[] }
      if (response.status !== expected || accepted !== sendings.length - invalid || rejected?.length !== invalid) {
        this.problems.push(
          `${sendings.length} events, ${invalid} of them invalid: ${response.status} ${text.slice(0, 300)}`,
        )
      }
      return []
    })
  }

  async #call(sendings: readonly Sending[], send: () => Promise<readonly (string | null)[]>): Promise<void> {
    const { ledger } = this.#options
    this.#calls++
    try {
      const begun_ms = Date.now()
      for (const { payment } of sendings) if (payment !== null) ledger.begin(payment, begun_ms)
      const places = await send()
      const acked_ms = Date.now()
      for (const [i, { payment }] of sendings.entries()) {
        if (payment !== null && places[i] !== UNSENT) ledger.ack(payment, acked_ms, places[i] ?? null)
      }
    } catch {
      await sleep(RETRY_MS)
      this.#again.push(...sendings.filter(({ payment }) => payment !== null))
    } finally {
      this.#calls--
    }
  }
}

/** Where each message went: those of one partition have offsets in the order in which they were sent. */
function placesOf(
  messages: readonly { readonly partition: number }[],
  records: readonly RecordMetadata[],
): (string | null)[] {
  const next = new Map(records.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
  return messages.map(({ partition }) => {
    const offset = next.get(partition)
    if (offset === undefined) return null
    next.set(partition, offset + 1)
    return `${partition}/${offset}`
  })
}
