import type { SourceModel } from '../features/model.ts'
import { archiveColumns } from '../stores/archive-columns.ts'
import type { EventArchive, HashedEvent } from '../stores/event-archive.ts'
import type { EventLog } from '../stores/event-log.ts'
import { hash64Hex } from '../timeline/id-hash.ts'

/** How far back the log is looked through for events that the archive does not have, in messages of each partition: a second's work. */
const MESSAGES_MAX = 50_000

const READ_MESSAGES = 10_000

/**
 * The ids of events as they were sent, which timelines keep by their hashes alone: from the archive, else from the newest messages of the
 * log. Null where neither has the event.
 */
export async function eventIds(
  source: SourceModel,
  { archive, log }: { readonly archive: EventArchive; readonly log: EventLog },
  events: readonly HashedEvent[],
): Promise<(string | null)[]> {
  const ids = await archivedIds(source, archive, events)
  const lacking = events.filter((_, i) => ids[i] === null)
  if (lacking.length === 0 || !source.streamed) return ids
  const logged = await loggedIds(source, log, lacking)
  return ids.map((id, i) => id ?? logged.get(nameOf(events[i]!)) ?? null)
}

const nameOf = ({ id_hash, time_ms }: HashedEvent): string => `${id_hash} ${time_ms}`

async function archivedIds(
  source: SourceModel,
  archive: EventArchive,
  events: readonly HashedEvent[],
): Promise<(string | null)[]> {
  if (source.archive === null || (await archive.describe(source.archive.table)) === null) return events.map(() => null)
  const columns = archiveColumns(source)
  return archive.ids(source.archive.table, columns[source.id]!, columns[source.time]!, source.precision, events)
}

async function loggedIds(
  source: SourceModel,
  log: EventLog,
  events: readonly HashedEvent[],
): Promise<Map<string, string>> {
  const wanted = new Set(events.map(nameOf))
  const found = new Map<string, string>()
  if (!(await log.topics()).includes(source.topic)) return found
  for (const { partition, start, end } of await log.ranges(source.topic)) {
    for (let at = Math.max(start, end - MESSAGES_MAX); at < end && found.size < wanted.size; ) {
      const { values, nextOffset } = await log.read(source.topic, partition, at, READ_MESSAGES)
      for (const value of values) {
        for (const { id, time_ms } of readable(source, value)) {
          const name = nameOf({ id_hash: hash64Hex(id), time_ms })
          if (wanted.has(name)) found.set(name, id)
        }
      }
      if (nextOffset <= at) break
      at = nextOffset
    }
  }
  return found
}

function readable(source: SourceModel, message: Uint8Array): readonly { id: string; time_ms: number }[] {
  try {
    return source.rawMessages.read(message)
  } catch {
    // It is no event: the quarantine has it.
    return []
  }
}
