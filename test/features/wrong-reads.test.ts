import { describe, expect, it } from 'vitest'
import { checkReads } from '../../src/features/check-reads.ts'
import { formatProblem } from '../../src/features/problem.ts'
import { count, entity, featureGroup, featureService, z } from '../../src/index.ts'
import { definitions, modelOf, payments, untyped } from './definition-kit.ts'

const COLUMNS = { card_id: z.string(), pan: z.string(), status: z.string() }
const OUTCOME = { outcome: ['status'], version: 'v' }

function readsOf(exports: Record<string, unknown>): string[] {
  return checkReads(definitions(exports), modelOf(exports)).map(formatProblem)
}

type Compute = (input: never) => unknown

function computing(of: (row: Record<string, never>) => unknown) {
  const compute = { other: { version: 1, type: z.string(), of: () => 'x' }, bin: { version: 1, type: z.string(), of } }
  return { payments: payments({ ...COLUMNS, v: z.int() }, { ...OUTCOME, compute }) }
}

function deriving(derive: Record<string, Compute>, isScored = true) {
  const seen = payments({ ...COLUMNS, v: z.int() }, OUTCOME)
  const card = entity('card', { key: { card_id: z.string() } })
  const features = { spend: count().over('7d'), tx_count: count().over('1h') }
  const group = featureGroup('card', untyped({ source: seen, entity: card, features }))
  const event = isScored ? { event: seen } : {}
  return { risk: featureService('risk', untyped({ ...event, features: [group], derive })) }
}

type Input = { f: Record<string, number>; event: Record<string, number>; request: Record<string, number> }
const derived = (compute: (input: Input) => unknown) => deriving({ x: compute as Compute })

describe('what a function reads and is not there', () => {
  it.each<[what: string, exports: Record<string, unknown>, says: string]>([
    [
      'a feature with a slip',
      derived(({ f }) => f.card_spend_7d),
      `defs.ts: service risk: derive.x reads f.card_spend_7d, which is none of its features; did you mean 'card__spend_7d'?`,
    ],
    [
      'a feature behind a check for null',
      derived(({ f }) => (f.card__spend_7d === null ? null : f.spend)),
      `defs.ts: service risk: derive.x reads f.spend, which is none of its features; there are card__spend_7d, card__tx_count_1h`,
    ],
    [
      'a column with a slip',
      derived(({ event }) => event.pam),
      `defs.ts: service risk: derive.x reads event.pam, which is no column of payments; did you mean 'pan'?`,
    ],
    [
      'an outcome',
      derived(({ event }) => event.status),
      'defs.ts: service risk: derive.x reads event.status, an outcome, which is not known while the event is scored; read another column',
    ],
    [
      'a version',
      derived(({ event }) => event.v),
      'defs.ts: service risk: derive.x reads event.v, the version of an event, which is not known while the event is scored; read another column',
    ],
    [
      'a version of a computed one',
      computing((row) => row.v),
      'defs.ts: source payments: compute.bin reads v, the version of an event, which is not known while the event is scored; read another column',
    ],
    [
      'a column of a computed one',
      computing((row) => row.pam),
      `defs.ts: source payments: compute.bin reads pam, which is no column of payments; did you mean 'pan'?`,
    ],
    [
      'an outcome of a computed one',
      computing((row) => row.status),
      'defs.ts: source payments: compute.bin reads status, an outcome, which is not known while the event is scored; read another column',
    ],
    [
      'another computed column',
      computing((row) => row.other),
      'defs.ts: source payments: compute.bin reads other, which is computed itself; compute it of the columns that events bring',
    ],
  ])('%s', (_, exports, says) => {
    expect(readsOf(exports)).toEqual([says])
  })

  it.each<[what: string, exports: Record<string, unknown>]>([
    ['a function that throws at any value', derived(() => Promise.reject(new Error('no')))],
    ['text of all that there is', derived(({ f, event }) => `${JSON.stringify({ f, event })}${Object.keys(f)}`)],
    ['a spread, and a name that is looked for', derived(({ f }) => ('x' in f ? 1 : { ...f }.card__spend_7d))],
    ['whatever a request has', derived(({ request }) => request.anything)],
    ['an event where none is scored', deriving({ x: (({ event }: Input) => event.pan) as Compute }, false)],
    ['methods of values', computing((row) => (row as Record<string, unknown> as { pan: string }).pan.slice(0, 6))],
  ])('finds nothing wrong with %s', (_, exports) => {
    expect(readsOf(exports)).toEqual([])
  })
})
