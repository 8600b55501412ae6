import { featureVersion } from '../features/fingerprint.ts'
import type { Model } from '../features/model.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { updateDocument } from '../stores/timeline-registry.ts'

/** What the last process served. Document `live`. */
export interface LiveDefinitions {
  /** {@link featureVersion} by name. */
  readonly features: Readonly<Record<string, string>>
  /** Version by name. */
  readonly services: Readonly<Record<string, string>>
}

export async function readLive(store: OnlineStore): Promise<LiveDefinitions> {
  return ((await store.document('live'))?.value ?? { features: {}, services: {} }) as LiveDefinitions
}

export async function recordLive(store: OnlineStore, model: Model, _now_ms: number): Promise<void> {
  await updateDocument<LiveDefinitions>(store, 'live', () => ({
    features: Object.fromEntries(
      [...model.features.values()].map((feature) => [feature.name, featureVersion(feature)]),
    ),
    services: Object.fromEntries([...model.services.values()].map(({ name, version }) => [name, version])),
  }))
}
