import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import type { ClockMode } from '../features/clock.ts'
import type { Model } from '../features/model.ts'
import { type GcPlan, planGc } from './gc-plan.ts'
import { collectGarbage, type GcDeps, type GcOutcome, viewGc } from './gc-run.ts'
import { type Meaning, meaningOf } from './live-definitions.ts'

export interface GcRequest {
  /** Definitions that nobody has named for so long are not live. */
  readonly since_ms: number
  /** What the definitions of the command itself mean. */
  readonly definitions: Meaning
  readonly delete: boolean
}

/** A line of the answer; one of the last two comes last. */
export type GcLine =
  | { readonly message: string }
  | { readonly plan: GcPlan }
  | { readonly outcome: GcOutcome }
  | { readonly failed: string }

/** Under `/gc` of the admin API: what no live definition uses, and its removal. */
export function createGcApi(
  deps: GcDeps & {
    readonly model: Model
    readonly clock: ClockMode
    /** Whether this process itself works by the model; a command that only asks does not. */
    readonly works: boolean
  },
): Hono {
  const app = new Hono()
  app.post('/', async (c) => {
    const asked = await c.req.json<GcRequest>()
    const rules = {
      own: [...(deps.works ? [meaningOf(deps.model)] : []), asked.definitions],
      from_ms: deps.now() - asked.since_ms,
      prunes: deps.clock === 'wall',
    }
    c.header('content-type', 'application/x-ndjson')
    return stream(c, async (out) => {
      const tell = (line: GcLine) => out.write(`${JSON.stringify(line)}\n`)
      try {
        if (asked.delete) {
          await tell({ outcome: await collectGarbage(deps, rules, (message) => void tell({ message })) })
        } else await tell({ plan: planGc(await viewGc(deps.store), { ...rules, busy: new Set() }) })
      } catch (error) {
        await tell({ failed: error instanceof Error ? error.message : String(error) })
      }
    })
  })
  return app
}
