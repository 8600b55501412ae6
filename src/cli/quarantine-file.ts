import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Quarantined } from '../stream/source-stream.ts'

/** Keeps events aside that are in the log but not valid: one line each, with its place and reason, in `quarantine/<source>.ndjson`. */
export class QuarantineFile {
  readonly #folder: string
  readonly #counts = new Map<string, number>()

  constructor(data: string) {
    this.#folder = join(data, 'quarantine')
  }

  /** Events put aside since the start, by source. */
  count(source: string): number {
    return this.#counts.get(source) ?? 0
  }

  add({ source, topic, partition, offset, value, reason }: Quarantined): void {
    mkdirSync(this.#folder, { recursive: true })
    const line = JSON.stringify({ topic, partition, offset, reason, event: Buffer.from(value).toString('utf8') })
    appendFileSync(join(this.#folder, `${source}.ndjson`), `${line}\n`)
    this.#counts.set(source, this.count(source) + 1)
  }
}
