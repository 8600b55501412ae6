import { z } from 'zod'
import type { MetricEntry } from '../../src/cli/metric-table.ts'

/** A file of rules as Prometheus reads it: what it does not know, it refuses. */
export const RULE_FILE = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^[A-Z]\w+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smhd]$/)
            .optional(),
          labels: z.record(z.string().regex(/^[a-z_]+$/), z.string()),
        }),
      ),
    }),
  ),
})

/** What a part of an expression is: samples of now with these labels, samples of a while, or one number. */
type Value =
  | { readonly kind: 'instant'; readonly labels: readonly string[] }
  | { readonly kind: 'range'; readonly labels: readonly string[]; readonly metric: Series }
  | { readonly kind: 'number' }

interface Series {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'bucket'
  readonly labels: readonly string[]
}

/** The series that Prometheus keeps of metrics: of a histogram its buckets, count and sum. */
function seriesOf(metrics: readonly MetricEntry[]): Map<string, Series> {
  const all = metrics.flatMap(({ name, type, labels }): Series[] => {
    if (type !== 'histogram') return [{ name, type, labels }]
    return [
      { name: `${name}_bucket`, type: 'bucket', labels: [...labels, 'le'] },
      { name: `${name}_count`, type: 'counter', labels },
      { name: `${name}_sum`, type: 'counter', labels },
    ]
  })
  return new Map(all.map((series) => [series.name, series]))
}

/**
 * Reads an expression of PromQL as far as alerts need it, and throws a sentence where it is not well formed: a metric or label that is not there, a
 * rate of a gauge, a quantile of what is no histogram.
 */
export function checkExpression(text: string, metrics: readonly MetricEntry[]): void {
  const reader = new Reader(text, seriesOf(metrics))
  reader.comparison()
  reader.end()
}

const AGGREGATIONS = ['sum', 'min', 'max', 'avg', 'count']
const RATES = ['rate', 'increase']

class Reader {
  readonly #tokens: readonly string[]
  readonly #series: ReadonlyMap<string, Series>
  #at = 0

  constructor(text: string, series: ReadonlyMap<string, Series>) {
    this.#tokens = text.match(/[a-zA-Z_]\w*|\d+[smhd]\b|\d+(?:\.\d+)?|[<>=!]=|\S/g) ?? []
    this.#series = series
  }

  comparison(): void {
    const left = this.#value()
    if (left.kind !== 'instant') throw new Error('an alert compares samples of now')
    const operator = this.#next()
    if (!['>', '<', '>=', '<=', '==', '!='].includes(operator)) throw new Error(`'${operator}' compares nothing`)
    if (this.#value().kind !== 'number') throw new Error('an alert compares with a number')
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new Error(`'${this.#tokens[this.#at]}' is too much`)
  }

  #value(): Value {
    const word = this.#next()
    if (/^\d+(?:\.\d+)?$/.test(word)) return { kind: 'number' }
    if (AGGREGATIONS.includes(word)) return this.#aggregation()
    if (RATES.includes(word)) return this.#rate(word)
    if (word === 'histogram_quantile') return this.#quantile()
    const metric = this.#series.get(word)
    if (metric === undefined) throw new Error(`there is no metric '${word}'`)
    if (this.#tokens[this.#at] !== '[') return { kind: 'instant', labels: metric.labels }
    this.#take('[')
    if (!/^\d+[smhd]$/.test(this.#next())) throw new Error('a range is a duration')
    this.#take(']')
    return { kind: 'range', labels: metric.labels, metric }
  }

  #aggregation(): Value {
    this.#take('by')
    this.#take('(')
    const labels = [this.#next()]
    for (let separator = this.#next(); separator !== ')'; separator = this.#next()) {
      if (separator !== ',') throw new Error(`'${separator}' is neither , nor )`)
      labels.push(this.#next())
    }
    const inner = this.#inBrackets()
    if (inner.kind !== 'instant') throw new Error('only samples of now are aggregated')
    for (const label of labels) if (!inner.labels.includes(label)) throw new Error(`there is no label '${label}'`)
    return { kind: 'instant', labels }
  }

  #rate(name: string): Value {
    const inner = this.#inBrackets()
    if (inner.kind !== 'range') throw new Error(`${name} is of a range, as [5m]`)
    if (inner.metric.type === 'gauge') throw new Error(`${name} is of counters, and ${inner.metric.name} is a gauge`)
    return { kind: 'instant', labels: inner.labels }
  }

  #quantile(): Value {
    this.#take('(')
    if (this.#value().kind !== 'number') throw new Error('a quantile is a number')
    this.#take(',')
    const inner = this.#value()
    this.#take(')')
    if (inner.kind !== 'instant' || !inner.labels.includes('le')) throw new Error('a quantile needs the label le')
    return { kind: 'instant', labels: inner.labels.filter((label) => label !== 'le') }
  }

  #inBrackets(): Value {
    this.#take('(')
    const value = this.#value()
    this.#take(')')
    return value
  }

  #take(token: string): void {
    const found = this.#next()
    if (found !== token) throw new Error(`'${found}' stands where '${token}' must`)
  }

  #next(): string {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new Error('it ends too early')
    return token
  }
}
