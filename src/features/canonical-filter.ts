import type { FilterNode, Literal } from '../timeline/filter.ts'
import { parseIsoTime } from './iso-time.ts'
import type { SourceModel } from './model.ts'

/** A checked filter with its literals in one form: times as `2024-05-01T12:30:00.000Z`, however they were written. */
export function canonicalFilter(node: FilterNode, source: SourceModel): FilterNode {
  switch (node.op) {
    case 'and':
    case 'or':
      return { op: node.op, filters: node.filters.map((filter) => canonicalFilter(filter, source)) }
    case 'not':
      return { op: 'not', filter: canonicalFilter(node.filter, source) }
    case 'null':
      return node
    case 'in':
      return { ...node, values: node.values.map((value) => canonicalLiteral(node.column, value, source)) }
    default:
      return { ...node, value: canonicalLiteral(node.column, node.value, source) }
  }
}

function canonicalLiteral(name: string, value: Literal, source: SourceModel): Literal {
  const column = source.columns.find((candidate) => candidate.name === name)!
  if (column.type.kind !== 'time') return value
  return new Date(typeof value === 'string' ? parseIsoTime(value)! : (value as number)).toISOString()
}
