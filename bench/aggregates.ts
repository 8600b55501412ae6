import type { AggregateDefinition, AggregateSpec, FeatureValue, Params } from '../src/timeline/aggregate.ts'
import { aggregates } from '../src/timeline/aggregates/index.ts'
import { hash64 } from '../src/timeline/id-hash.ts'
import { TimelinePlan } from '../src/timeline/plan.ts'
import { RowEncoder } from '../src/timeline/row-codec.ts'
import type { RowSchemas, StoredColumn } from '../src/timeline/row-schema.ts'
import { leastCpu } from './least-cpu.ts'
import type { Report } from './main.ts'

const ROWS = [12, 50, 1_000]
const RUNS = 8
const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 0, 31)

const COLUMNS: readonly StoredColumn[] = [
  { name: 'amount', type: { kind: 'money', scale: 2 } },
  { name: 'score', type: { kind: 'double' } },
  { name: 'shop', type: { kind: 'string', bytesMax: 64 } },
  { name: 'status', type: { kind: 'enum', values: ['approved', 'declined'] } },
]
const SCHEMAS: RowSchemas = { columns: COLUMNS, schemas: [{ number: 1, columns: COLUMNS.map((_, i) => i) }] }

/** Of aggregates that have parameters: those that a user would give. */
const PARAMS: Readonly<Record<string, Params>> = {
  lastN: { n: 5 },
  firstN: { n: 5 },
  topK: { k: 3 },
  percentile: { p: 95 },
  percentiles: { p: [50, 95, 99] },
  decayedSum: { half_life_ms: DAY_MS },
  decayedCount: { half_life_ms: DAY_MS },
}

/** What a read of the kernel costs that computes one aggregate over four windows, the reading of the rows among it. */
export async function aggregatesBench(report: Report): Promise<void> {
  report('kernel read of one aggregate, 4 windows: us of CPU', ROWS.map((rows) => `${rows} rows`.padStart(10)).join(''))
  const timelines = ROWS.map((count) => ({ count, rows: encode(count) }))
  for (const aggregate of aggregates.values()) {
    for (const column of columnsOf(aggregate)) {
      const costs = timelines.map(({ count, rows }) => cost(aggregate, column, rows, count).toFixed(2).padStart(10))
      report(`${aggregate.name}(${[column ?? (aggregate.ofFilter ? 'a filter' : [])].flat()})`, costs.join(''))
    }
  }
}

function columnsOf({ takes }: AggregateDefinition): (string | null)[] {
  if (takes.length === 0) return [null]
  return COLUMNS.filter(({ name, type }) => takes.includes(type.kind) && name !== 'status').map(({ name }) => name)
}

function encode(count: number): Uint8Array {
  const encoder = new RowEncoder(SCHEMAS)
  for (let i = 0; i < count; i++) {
    const id = hash64(`payment-${i}`)
    const amount = (i * 7_919) % 50_000
    const values = [amount, amount / 100, `shop-${(i * 7) % 61}`, i % 17 === 0 ? 'declined' : 'approved']
    const time_ms = NOW_MS - Math.floor((30 * DAY_MS * (count - i)) / (count + 1))
    encoder.add(time_ms, Number(id & 0xffffffffn), Number(id >> 32n), 0, false, values)
  }
  return encoder.take()
}

function cost(aggregate: AggregateDefinition, column: string | null, rows: Uint8Array, count: number): number {
  const spec: AggregateSpec = {
    aggregate: aggregate.name,
    source: 's',
    column,
    of: aggregate.ofFilter ? { op: 'eq', source: 's', column: 'status', value: 'declined' } : null,
    params: PARAMS[aggregate.name] ?? {},
    where: null,
    per: null,
    excludeCurrent: aggregate.readsCurrent === true,
    windows: [],
    delay: null,
  }
  const windows = [DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS]
  const features = windows.map((window_ms) => ({ spec, window_ms, delay_ms: 0 }))
  const type = (name: string) => COLUMNS.find((one) => one.name === name)!.type
  const plan = new TimelinePlan(features, type, SCHEMAS, aggregates)
  const out: FeatureValue[] = []
  // The event being scored is the last row once more.
  const current = aggregate.readsCurrent ? rows.subarray(lastRow(rows)) : null
  return leastCpu(() => plan.read(rows, NOW_MS, current, out), count, RUNS)
}

/** Where the last of the rows begins: each says its length. */
function lastRow(rows: Uint8Array): number {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.length)
  let last = 0
  for (let at = 0; at < rows.length; at += view.getUint16(at, true)) last = at
  return last
}
