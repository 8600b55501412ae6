import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openChdbArchive } from '../stores/archive/chdb.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import type { EventLog } from '../stores/event-log.ts'
import { openEmbeddedEventLog } from '../stores/log/embedded.ts'
import { openEmbeddedOnlineStore } from '../stores/online/embedded.ts'
import type { OnlineStore } from '../stores/online-store.ts'

/** Partitions of a topic in the embedded log: as many as there could be cores to spread over. */
export const EMBEDDED_PARTITIONS = 4

export interface Stores {
  readonly store: OnlineStore
  readonly log: EventLog
  readonly archive: EventArchive
  close(): Promise<void>
}

/** Opens the three embedded stores of a data folder: `online`, `log` and `archive` in it. */
export async function openEmbeddedStores(data: string, now: () => number): Promise<Stores> {
  await mkdir(data, { recursive: true })
  const store = await openEmbeddedOnlineStore(join(data, 'online'))
  const log = await openEmbeddedEventLog(join(data, 'log'), { now })
  const archive = await openChdbArchive(join(data, 'archive'))
  return {
    store,
    log,
    archive,
    async close() {
      await log.close()
      await store.close()
      await archive.close()
    },
  }
}
