import type { OnlineStore } from '../stores/online-store.ts'
import { readTimelines, type TimelineRecord, timelinesIn } from '../stores/timeline-registry.ts'
import type { StoreProgress } from './store-progress.ts'

/**
 * What the store knows of its timelines, as it was last read. A record, or its schemas, that did not change stays the same
 * object, so that whoever compiled from it sees that by identity.
 */
export class TimelineRecords {
  readonly #online: OnlineStore
  readonly #progress: StoreProgress | null
  #records: ReadonlyMap<string, TimelineRecord> = new Map()
  #running: Promise<void> | null = null
  #queued: Promise<void> | null = null
  #epoch = 0

  /** `progress`: what is claimed of the timelines is held to the store's marks. Null: it is this process that sees to them. */
  constructor(online: OnlineStore, progress: StoreProgress | null) {
    this.#online = online
    this.#progress = progress
  }

  get all(): ReadonlyMap<string, TimelineRecord> {
    return this.#records
  }

  /** Counts the refreshes that found something changed. */
  get epoch(): number {
    return this.#epoch
  }

  /** Reads them again. Calls that come while a reading is under way share the next one, as they may need what came since. */
  refresh(): Promise<void> {
    if (this.#running === null) {
      this.#running = this.#read().finally(() => {
        this.#running = null
      })
      return this.#running
    }
    this.#queued ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#queued = null
        return this.refresh()
      })
    return this.#queued
  }

  async #find(): Promise<Map<string, TimelineRecord>> {
    if (this.#progress === null) return readTimelines(this.#online)
    const documents = await this.#online.documents('')
    return this.#progress.vet(documents, timelinesIn(documents))
  }

  async #read(): Promise<void> {
    const found = await this.#find()
    let changed = found.size !== this.#records.size
    const records = new Map<string, TimelineRecord>()
    for (const [fingerprint, record] of found) {
      const kept = keep(this.#records.get(fingerprint), record)
      changed ||= kept !== this.#records.get(fingerprint)
      records.set(fingerprint, kept)
    }
    if (!changed) return
    this.#records = records
    this.#epoch++
  }
}

function keep(known: TimelineRecord | undefined, found: TimelineRecord): TimelineRecord {
  if (known === undefined) return found
  const sameSchemas = JSON.stringify(known.schemas) === JSON.stringify(found.schemas)
  if (!sameSchemas) return found
  return JSON.stringify(known) === JSON.stringify(found) ? known : { ...found, schemas: known.schemas }
}
