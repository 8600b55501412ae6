import type { Model } from '../features/model.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { updateDocument } from '../stores/timeline-registry.ts'

/** What the last process served. Document `live`. */
export interface LiveDefinitions {
  readonly features: readonly string[]
  /** Version by name. */
  readonly services: Readonly<Record<string, string>>
}

export async function readLive(store: OnlineStore): Promise<LiveDefinitions> {
  return ((await store.document('live'))?.value ?? { features: [], services: {} }) as LiveDefinitions
}

export async function recordLive(store: OnlineStore, model: Model): Promise<void> {
  await updateDocument<LiveDefinitions>(store, 'live', () => ({
    features: [...model.features.keys()],
    services: Object.fromEntries([...model.services.values()].map(({ name, version }) => [name, version])),
  }))
}
