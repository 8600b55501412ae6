import { setTimeout as sleep } from 'node:timers/promises'
import type { Troubles } from './troubles.ts'

/** Does some upkeep again and again, until the signal. A failure is told and tried again with the next turn. */
export async function every(
  ms: number,
  signal: AbortSignal,
  { where, troubles }: { readonly where: string; readonly troubles: Troubles },
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(ms, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    try {
      await work()
      troubles.report(where, null)
    } catch (error) {
      if (!signal.aborted) troubles.report(where, error instanceof Error ? error.message : String(error))
    }
  }
}
