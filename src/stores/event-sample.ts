import type { SourceModel } from '../features/model.ts'
import type { OnlineStore } from './online-store.ts'
import { updateDocument } from './timeline-registry.ts'

/** An event that the stream carried: it must be found again in a table that others fill (L12). */
export interface SampledEvent {
  /** Canonical text, as it is hashed. */
  readonly id: string
  /** Event time. */
  readonly time_ms: number
  /** When the log got it, and where it stands there. */
  readonly append_ms: number
  readonly partition: number
  readonly offset: number
}

const SAMPLE_MAX = 50

/** Older events may be out of the table, and are of no use but where a table lags more: so many lags are kept. */
const AGE_MS_MIN = 7 * 86_400_000
const LAGS_KEPT = 4

const name = (source: string) => `sample/${source}`

/** In the order in which the log got them. Empty where nothing was streamed yet. */
export async function sampledEvents(store: OnlineStore, source: string): Promise<readonly SampledEvent[]> {
  return ((await store.document(name(source)))?.value ?? []) as readonly SampledEvent[]
}

/** Adds an event to the sample of its source, which all workers share: document `sample/<source>`. */
export async function noteSampled(store: OnlineStore, source: SourceModel, event: SampledEvent): Promise<void> {
  const age_ms = Math.max(AGE_MS_MIN, LAGS_KEPT * (source.archive?.lag_ms ?? 0))
  await updateDocument<readonly SampledEvent[]>(store, name(source.name), (found) =>
    withSampled(found ?? [], event, age_ms),
  )
}

/** A sample with one event more, spread over time: of too many, those go that stand closest. The same array where it is there already. */
export function withSampled(
  sample: readonly SampledEvent[],
  event: SampledEvent,
  age_ms: number,
): readonly SampledEvent[] {
  if (sample.some(({ partition, offset }) => partition === event.partition && offset === event.offset)) return sample
  const all = [...sample, event].sort((a, b) => a.append_ms - b.append_ms)
  const kept = all.filter(({ append_ms }) => append_ms >= all.at(-1)!.append_ms - age_ms)
  while (kept.length > SAMPLE_MAX) {
    // The oldest and the newest stay.
    let closest = 1
    for (let i = 2; i < kept.length - 1; i++) if (gapAround(kept, i) < gapAround(kept, closest)) closest = i
    kept.splice(closest, 1)
  }
  return kept
}

function gapAround(sample: readonly SampledEvent[], place: number): number {
  return sample[place + 1]!.append_ms - sample[place - 1]!.append_ms
}
