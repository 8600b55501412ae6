import type { Mark, OnlineStore, StoredDocument } from './online-store.ts'

/** Every event that reached a partition before `ms` is below `offset`. Document `watermark/<group>/<topic>/<partition>`. */
interface PartitionWatermark {
  readonly offset: number
  readonly ms: number
}

/** Until `ms` the topic had so many partitions and no more. Document `watermark/<group>/<topic>`. */
interface TopicWatermark {
  readonly partitions: number
  readonly ms: number
}

const PREFIX = 'watermark/'
const topicName = (group: string, topic: string) => `${PREFIX}${group}/${topic}`
const partitionName = (group: string, topic: string, partition: number) => `${topicName(group, topic)}/${partition}`

/** What the names of all documents of a group begin with. */
export const watermarksOf = (group: string): string => `${PREFIX}${group}/`

/** The group whose document this is; null: it is no watermark's. No group of a stream has a slash in its name. */
export function watermarkGroup(document: string): string | null {
  return document.startsWith(PREFIX) ? (document.slice(PREFIX.length).split('/')[0] ?? null) : null
}

/**
 * Tells other processes, through the store, how far the stream of a group is. What is told of an offset holds as soon as the mark
 * is there, and no longer than it is: so it need not be taken back when the store goes back, or when another worker goes on.
 */
export class WatermarkBoard {
  readonly #store: OnlineStore
  readonly #group: string
  /** By document: the version that was seen last, and what this process told last. */
  readonly #told = new Map<string, { version: number; text: string }>()

  constructor(store: OnlineStore, group: string) {
    this.#store = store
    this.#group = group
  }

  partition(topic: string, partition: number, watermark: PartitionWatermark): Promise<void> {
    return this.#tell(partitionName(this.#group, topic, partition), watermark)
  }

  topic(topic: string, watermark: TopicWatermark): Promise<void> {
    return this.#tell(topicName(this.#group, topic), watermark)
  }

  async #tell(name: string, value: PartitionWatermark | TopicWatermark): Promise<void> {
    const text = JSON.stringify(value)
    const before = this.#told.get(name)
    if (before?.text === text) return
    let version = before?.version ?? 0
    if (!(await this.#store.putDocument(name, value, version))) {
      version = (await this.#store.document(name))?.version ?? 0
      // Where yet another writer comes in between, it is as fresh as we are.
      await this.#store.putDocument(name, value, version)
    }
    this.#told.set(name, { version: version + 1, text })
  }
}

/**
 * The watermark of a topic: every event that reached it before this instant is in the store, as far as a group writes it. Null where
 * that cannot be told. `documents` must have been read before `marks`.
 */
export function readWatermark(
  documents: ReadonlyMap<string, StoredDocument>,
  marks: readonly Mark[],
  group: string,
  topic: string,
): number | null {
  const told = documents.get(topicName(group, topic))?.value as TopicWatermark | undefined
  if (told === undefined) return null
  let watermark_ms = told.ms
  for (let partition = 0; partition < told.partitions; partition++) {
    const claim = documents.get(partitionName(group, topic, partition))?.value as PartitionWatermark | undefined
    const mark = marks.find((one) => one.group === group && one.topic === topic && one.partition === partition)
    if (claim === undefined || mark === undefined || mark.offset < claim.offset) return null
    watermark_ms = Math.min(watermark_ms, claim.ms)
  }
  return watermark_ms
}
