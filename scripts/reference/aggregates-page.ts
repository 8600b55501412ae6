import type { AggregateDefinition } from '../../src/timeline/aggregate.ts'
import { aggregates } from '../../src/timeline/aggregates/index.ts'
import { page, table } from './markdown.ts'

const INTRODUCTION = `An aggregate is computed over the rows of one window, \`(t - window, t]\`, in the order of (time, unsigned hash of the id). In the
formulas \`x\` are the values of the column that are not null, \`n\` is how many they are, \`t\` the instant that is asked for.

\`\`\`ts
import { count, eq, sum } from 'millrace'

count().over('5m', '24h', '7d') // three features: one for each window
count().where(eq(payments.status, 'declined')).over('24h') // only the events for which a filter holds
sum(payments.amount).excludeCurrent().over('7d') // without the event being scored
sum(payments.amount).over('7d').delayed('7d') // the seven days that ended seven days ago
count().per(payments.merchant_id, { limit: 5 }).over('7d') // a map: { "m1": 3, "m2": 1 }
\`\`\`

Sums of integers are exact, also past 2^53, sums of doubles are exact and rounded once; an aggregate that promises less says so. A value depends
on the set of events alone, never on their order. Null is skipped. A feature whose key is null is null.`

const KINDS = ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'] as const

/** Every aggregate: what it gives, its formula, over nothing, its cost. */
export function aggregatesPage(): string {
  const all = [...aggregates.values()].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
  const rows = all.map((aggregate) => [
    `[\`${aggregate.name}\`](#${aggregate.name.toLowerCase()})`,
    takes(aggregate),
    gives(aggregate),
    `\`${JSON.stringify(aggregate.empty)}\``,
  ])
  const contents = table(['aggregate', 'takes', 'gives', 'over nothing'], rows)
  return page('Aggregates', INTRODUCTION, contents, ...all.map(section))
}

function section(aggregate: AggregateDefinition): string {
  const { name, doc, formula, example, empty, cost, reference, readsCurrent } = aggregate
  const facts = table(
    ['', ''],
    [
      ['formula', `\`${formula}\``],
      ['takes', takes(aggregate)],
      ['gives', gives(aggregate)],
      ['over nothing', `\`${JSON.stringify(empty)}\``],
      ['cost', cost],
      ['source', reference],
      ...(readsCurrent
        ? [['reads', 'the event being scored: only for services that score an event of the source']]
        : []),
    ],
  )
  return `## ${name}\n\n\`${example}\`: ${doc}\n\n${facts}`
}

function takes({ takes, ofFilter }: AggregateDefinition): string {
  if (ofFilter) return 'a filter'
  if (takes.length === 0) return 'nothing'
  if (takes.length === KINDS.length) return 'any column'
  return `a column of type ${takes.join(', ')}`
}

/** What kinds of value it gives, over all kinds of column. */
function gives(aggregate: AggregateDefinition): string {
  const results = (aggregate.takes.length === 0 ? [null] : aggregate.takes).map((kind) => {
    if (kind === null) return aggregate.result(null)
    if (kind === 'string') return aggregate.result({ kind, bytesMax: 100 })
    if (kind === 'money') return aggregate.result({ kind, scale: 2 })
    return aggregate.result(kind === 'enum' ? { kind, values: ['a'] } : { kind })
  })
  const [{ list, nullable }] = results as [(typeof results)[number], ...typeof results]
  const kinds = [...new Set(results.map(({ kind }) => kind))]
  const kind = kinds.length > 2 ? 'of the type of the column' : kinds.join(' or ')
  const value = list ? `list ${kinds.length > 2 ? kind : `of ${kind}`}` : kinds.length > 2 ? `a value ${kind}` : kind
  return `${value}${nullable ? ', or null' : ''}`
}
