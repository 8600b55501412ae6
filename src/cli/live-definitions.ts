import { type FeatureParts, featureParts } from '../features/feature-parts.ts'
import { canonicalJson, featureVersion, writtenHash } from '../features/fingerprint.ts'
import type { Model } from '../features/model.ts'
import type { OnlineStore, StoredDocument } from '../stores/online-store.ts'
import { updateDocument } from '../stores/timeline-registry.ts'
import { groupWrites } from '../stores/writer-groups.ts'
import { hash64Hex } from '../timeline/id-hash.ts'

/** Definitions that processes work by. Document `live/<hash>`. */
export interface LiveDefinitions {
  /** {@link featureVersion} by name. */
  readonly features: Readonly<Record<string, string>>
  /** Version by name. */
  readonly services: Readonly<Record<string, string>>
  /** What is written for them (L13). */
  readonly written: string
  /** By fingerprint: what their timelines keep, and for how long. */
  readonly timelines: Readonly<Record<string, { readonly columns: readonly string[]; readonly retention_ms: number }>>
  /** Wall clock, epoch milliseconds: when they were first seen at work, and last. */
  readonly first_ms: number
  readonly seen_ms: number
}

/** How often a process says that it lives by its definitions. */
export const LIVE_MS = 10_000

/** Definitions that nobody has named for so long are not at work any more. */
const GONE_MS = 60_000

const PREFIX = 'live/'

/** What makes the features of definitions, by name: for `plan`, which says what of them changed. Beside the live definitions, as it is long and never changes. */
const PARTS_PREFIX = 'parts/'

export const partsDocument = (hash: string): string => PARTS_PREFIX + hash

/** What definitions mean, whoever works by them. */
export type Meaning = Omit<LiveDefinitions, 'first_ms' | 'seen_ms'>

export function meaningOf(model: Model): Meaning {
  const writes = groupWrites(model).timelines
  return {
    features: Object.fromEntries([...model.features.values()].map((one) => [one.name, featureVersion(one)])),
    services: Object.fromEntries([...model.services.values()].map(({ name, version }) => [name, version])),
    written: writtenHash(model),
    timelines: Object.fromEntries(
      [...model.timelines.values()].map(({ fingerprint, retention_ms }) => [
        fingerprint,
        { columns: writes[fingerprint]!, retention_ms },
      ]),
    ),
  }
}

/** What all processes of one set of definitions have in common. */
export function definitionsHash(model: Model): string {
  return hash64Hex(canonicalJson(meaningOf(model)))
}

/** Says that a process works by these definitions now. */
export async function recordLive(store: OnlineStore, model: Model, now_ms: number): Promise<void> {
  const hash = definitionsHash(model)
  await updateDocument<LiveDefinitions>(store, PREFIX + hash, async (found) => {
    const again = found === null || now_ms - found.seen_ms > GONE_MS
    // Many processes say the same.
    if (!again && now_ms - found.seen_ms < LIVE_MS / 2) return found
    if (again) await store.putDocument(partsDocument(hash), partsOf(model), 0)
    return { ...meaningOf(model), first_ms: again ? now_ms : found.first_ms, seen_ms: now_ms }
  })
}

function partsOf(model: Model): Record<string, FeatureParts> {
  return Object.fromEntries([...model.features.values()].map((one) => [one.name, featureParts(one)]))
}

/** All that were ever at work, by hash. */
export function liveIn(documents: ReadonlyMap<string, StoredDocument>): Map<string, LiveDefinitions> {
  const found = [...documents].filter(([name]) => name.startsWith(PREFIX))
  return new Map(found.map(([name, { value }]) => [name.slice(PREFIX.length), value as LiveDefinitions]))
}

export const liveDocument = (hash: string): string => PREFIX + hash

const NOTHING: LiveDefinitions = { features: {}, services: {}, written: '', timelines: {}, first_ms: 0, seen_ms: 0 }

/** The definitions that came last of those that were at work last. */
export async function readLive(store: OnlineStore): Promise<LiveDefinitions> {
  return (await lastLive(store))?.[1] ?? NOTHING
}

/** The same with the parts of their features; without, where nobody has noted these. */
export async function readLiveParts(
  store: OnlineStore,
): Promise<LiveDefinitions & { readonly parts: Readonly<Record<string, FeatureParts>> }> {
  const last = await lastLive(store)
  if (last === null) return { ...NOTHING, parts: {} }
  const [hash, definitions] = last
  const noted = await store.document(partsDocument(hash))
  return { ...definitions, parts: (noted?.value ?? {}) as Record<string, FeatureParts> }
}

async function lastLive(store: OnlineStore): Promise<readonly [hash: string, definitions: LiveDefinitions] | null> {
  const all = [...liveIn(await store.documents(PREFIX))]
  const last_ms = Math.max(...all.map(([, { seen_ms }]) => seen_ms))
  const recent = all.filter(([, { seen_ms }]) => last_ms - seen_ms < GONE_MS)
  const [first = null] = recent
  return recent.reduce((a, b) => (a === null || b[1].first_ms > a[1].first_ms ? b : a), first)
}

/** Other definitions that are at work beside those of a model, each in a sentence. */
export async function otherDefinitions(store: OnlineStore, model: Model, now_ms: number): Promise<string[]> {
  const own = definitionsHash(model)
  const all = [...liveIn(await store.documents(PREFIX))]
  const written = writtenHash(model)
  return all
    .filter(([hash, { seen_ms }]) => hash !== own && now_ms - seen_ms < GONE_MS)
    .map(([hash, other]) => {
      const what = other.written === written ? 'They write the same.' : 'They write other rows than this process.'
      const since = new Date(other.first_ms).toISOString()
      return `other definitions (${hash}) are at work, too, since ${since}; those of this process are ${own}. ${what}`
    })
}
