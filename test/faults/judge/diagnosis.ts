import { hash64Hex } from '../../../src/timeline/id-hash.ts'
import type { Copy, Ledger } from './ledger.ts'
import type { Wrong } from './tally.ts'

/** Most findings that are told. */
const FOUND_MAX = 8

interface Behind {
  readonly window: { readonly after_ms: number; readonly until_ms: number }
  readonly events: readonly { readonly time_ms: number; readonly id_hash: string; readonly version: number }[]
}

/**
 * What a wrong value's rows are, now, against what was surely counted: events that lack, old versions, events that nobody sent. Rows
 * that a filter of the feature leaves out count as lacking. Empty where the process does not answer.
 */
export async function diagnose(url: string, wrong: Wrong, ledger: Ledger): Promise<readonly string[]> {
  if (wrong.entity === '') return []
  const [, first, second] = JSON.parse(wrong.entity) as string[]
  const keys = second !== undefined ? { card_id: first, merchant_id: second } : keyOf(wrong.entity, first!)
  const response = await fetch(`${url}/v1/features/${wrong.feature}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ keys, at: wrong.at_ms, limit: 10_000 }),
  })
  if (!response.ok) return [`${response.status} ${(await response.text()).slice(0, 200)}`]
  const { window, events } = (await response.json()) as Behind
  const held = new Map(events.map((event) => [`${event.time_ms} ${event.id_hash}`, event.version]))
  const found: string[] = []
  for (const { time_ms, id, copies } of ledger.slots(wrong.entity)) {
    const key = `${time_ms} ${hash64Hex(id)}`
    const version = held.get(key)
    held.delete(key)
    if (time_ms <= window.after_ms || time_ms > window.until_ms) continue
    const sure = copies.filter(({ acked_ms }) => acked_ms !== null && acked_ms < (wrong.watermark_ms ?? 0))
    const best = sure.sort((a, b) => b.payment.version - a.payment.version)[0]
    if (best === undefined || (version ?? -1) >= best.payment.version) continue
    // A tombstone that may be there hides what came before it.
    const hidden = copies.some(({ payment }) => payment.deleted && payment.version >= best.payment.version)
    if (version === undefined && hidden) continue
    found.push(`${version === undefined ? 'lacks' : `has version ${version} instead of`} ${described(best, wrong)}`)
  }
  for (const [key, version] of held) found.push(`has ${key} version ${version}, which was never sent`)
  return found.slice(0, FOUND_MAX)
}

function keyOf(entity: string, key: string): Record<string, string> {
  return entity.startsWith('["card"') ? { card_id: key } : { merchant_id: key }
}

function described({ payment, acked_ms, place }: Copy, { watermark_ms }: Wrong): string {
  const { id, version, deleted, time_ms } = payment
  const kind = deleted ? ' (tombstone)' : ''
  return `${id} version ${version}${kind} of ${time_ms}, in the log at ${place}, acknowledged ${(watermark_ms ?? 0) - acked_ms!} ms before the watermark`
}
