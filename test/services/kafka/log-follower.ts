import type { EventLog } from '../../../src/stores/event-log.ts'

/** Reads the partitions that are its own, from the start or from where it was, and notes every message with its place. */
export class LogFollower {
  /** By `partition/offset`: the message there. */
  readonly seen = new Map<string, string>()
  /** Partitions as they were assigned, each time that changed. */
  readonly assignments: (readonly number[])[] = []
  readonly failures: string[] = []
  readonly #log: EventLog
  readonly #group: string
  readonly #topic: string
  readonly #positions = new Map<number, number>()
  readonly #running: Promise<void>
  #open = true

  constructor(log: EventLog, topic: string, group = 'followers') {
    this.#log = log
    this.#topic = topic
    this.#group = group
    this.#running = this.#run()
  }

  get partitions(): readonly number[] {
    return this.assignments.at(-1) ?? []
  }

  async stop(): Promise<void> {
    this.#open = false
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#open) {
      try {
        const appended = this.#log.wait(this.#topic, 50)
        appended.catch(() => {})
        if (!(await this.#step())) await appended
      } catch (error) {
        this.failures.push(String(error))
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  async #step(): Promise<boolean> {
    const assigned = await this.#log.assigned(this.#group, this.#topic)
    if (assigned.join() !== this.partitions.join() || this.assignments.length === 0) this.assignments.push(assigned)
    let more = false
    for (const partition of assigned) {
      const batch = await this.#log.read(this.#topic, partition, this.#positions.get(partition) ?? 0, 500)
      for (const [i, value] of batch.values.entries()) {
        this.seen.set(`${partition}/${batch.baseOffset + i}`, Buffer.from(value).toString())
      }
      this.#positions.set(partition, batch.nextOffset)
      if (batch.values.length > 0) more = true
    }
    return more
  }
}

/** Appends without a pause until it is stopped, and notes the place of each message that was acknowledged. */
export class LogFeeder {
  /** By `partition/offset`: the message there. */
  readonly acknowledged = new Map<string, string>()
  readonly failures: string[] = []
  readonly #running: Promise<unknown>
  #open = true

  constructor(log: EventLog, topic: string, { callers = 4, batch = 20, pause_ms = 2 } = {}) {
    const feed = async (caller: number) => {
      for (let n = 0; this.#open; n++) {
        const texts = Array.from({ length: batch }, (_, i) => `${caller}.${n}.${i}`)
        try {
          const places = await log.append(
            topic,
            texts.map((text, i) => ({ key: `key-${i}`, value: Buffer.from(text) })),
          )
          for (const [i, { partition, offset }] of places.entries()) {
            this.acknowledged.set(`${partition}/${offset}`, texts[i]!)
          }
        } catch (error) {
          this.failures.push(String(error))
        }
        await new Promise((resolve) => setTimeout(resolve, pause_ms))
      }
    }
    this.#running = Promise.all(Array.from({ length: callers }, (_, caller) => feed(caller)))
  }

  async stop(): Promise<void> {
    this.#open = false
    await this.#running
  }
}

/** Waits for something that must come true; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>, limit_ms = 120_000): Promise<void> {
  for (const end = Date.now() + limit_ms; !(await condition()); ) {
    if (Date.now() > end) throw new Error(`not after ${limit_ms} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
