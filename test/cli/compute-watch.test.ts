import { expect, it } from 'vitest'
import { watchComputed } from '../../src/cli/compute-watch.ts'
import { Metrics } from '../../src/cli/metrics.ts'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { source, z } from '../../src/index.ts'

const MINUTE = 60_000

const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string().optional() }),
  id: 'id',
  time: 'at',
  compute: {
    bin: { version: 1, type: z.string(), of: (row) => (row.pan as string).slice(0, 6) },
    digits: { version: 1, type: z.int(), of: (row) => Number(row.pan ?? 0.5) },
    never: { version: 1, type: z.int(), of: () => 1 },
  },
})
const logins = source('logins', { schema: z.object({ id: z.string(), at: z.int() }), id: 'id', time: 'at' })

it('counts every failure of a computed column, and tells of the first of each column and minute', async () => {
  const model = resolveModel(collect([{ file: 'test.ts', exports: { payments, logins } }]))
  const metrics = new Metrics({ process: 'stream', version: '1.2.3', now: () => 0 })
  const told: string[] = []
  let now = 1_000
  watchComputed(model, {
    now: () => now,
    counter: (source, column) => metrics.computed(source, column),
    tell: (source, column, message) => told.push(`${source} ${column}: ${message}`),
  })
  const counts = async () =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('millrace_compute_failures_total'))
  const line = (column: string, count: number) =>
    `millrace_compute_failures_total{source="payments",column="${column}"} ${count}`
  expect(await counts()).toEqual([line('bin', 0), line('digits', 0), line('never', 0)])

  const { parser } = model.sources.get('payments')!
  const at = Date.UTC(2026, 0, 1)
  parser.parse({ id: 'a', at, pan: '4111112222' })
  expect(told).toEqual([])
  for (const after of [0, MINUTE - 1, MINUTE]) {
    now = 1_000 + after
    parser.parse({ id: 'a', at })
  }
  expect(await counts()).toEqual([line('bin', 3), line('digits', 3), line('never', 0)])
  const bin =
    "payments bin: the computed column payments.bin is null for an event: it threw TypeError: Cannot read properties of null (reading 'slice')"
  const digits =
    'payments digits: the computed column payments.digits is null for an event: it gave 0.5, which is not a whole number'
  expect(told).toEqual([bin, digits, bin, digits])
})
