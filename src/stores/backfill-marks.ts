import type { Mark, MarkMove, OnlineStore } from './online-store.ts'
import type { Coverage } from './timeline-registry.ts'

/*
 * A backfill moves marks of its own, one for each part, with every batch of rows that it writes: so the store proves what it holds
 * of them as it does for the stream (L11), whatever it forgets, before or after the backfill's end.
 */
const TOPIC = 'part'

export const backfillGroup = (fingerprint: string): string => `backfill/${fingerprint}`

/** The timeline whose backfill a group of marks belongs to; null: it is another kind of group. */
export function backfillTimelineOf(group: string): string | null {
  return group.startsWith(backfillGroup('')) ? group.slice(backfillGroup('').length) : null
}

/** By part: how many batches its mark has counted, over all backfills of the timeline. */
export async function partMarks(store: OnlineStore, fingerprint: string): Promise<number[]> {
  return partsOf(await store.marks(backfillGroup(fingerprint)), fingerprint)
}

/** The same among marks that were read. */
export function partsOf(marks: readonly Mark[], fingerprint: string): number[] {
  const group = backfillGroup(fingerprint)
  const parts: number[] = []
  for (const mark of marks) if (mark.group === group) parts[mark.partition] = mark.offset
  return parts
}

export function partMove(fingerprint: string, part: number, from: number): MarkMove {
  return { group: backfillGroup(fingerprint), topic: TOPIC, partition: part, from: from || null, offset: from + 1 }
}

/** Whether marks are where a coverage's backfills left them, or further. */
export function isProven({ proof }: Pick<Coverage, 'proof'>, marks: readonly number[]): boolean {
  return proof.every((offset, part) => (marks[part] ?? 0) >= offset)
}
