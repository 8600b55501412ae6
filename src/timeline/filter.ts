import { assertColumn, type Column, type Ordered, type SourceOf, type type, type ValueOf } from './column.ts'
import { showValue } from './shown-value.ts'

/** A literal of a filter, in the column's canonical form: money in minor units, times as ISO 8601 text. */
export type Literal = string | number | boolean

export type ComparisonOp = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'

/** A filter as frozen data, so that every engine can read it. */
export type FilterNode =
  | { readonly op: ComparisonOp; readonly source: string; readonly column: string; readonly value: Literal }
  | { readonly op: 'in'; readonly source: string; readonly column: string; readonly values: readonly Literal[] }
  | { readonly op: 'null'; readonly source: string; readonly column: string }
  | { readonly op: 'and' | 'or'; readonly filters: readonly FilterNode[] }
  | { readonly op: 'not'; readonly filter: FilterNode }

const FILTER = Symbol.for('millrace.filter')

/** A typed filter. `S` is the name of the source whose columns it reads. */
export interface Filter<S extends string = string> {
  readonly node: FilterNode
  readonly [type]: S
}

type FilterSource<F> = F extends Filter<infer S> ? S : never

function make<S extends string>(node: FilterNode): Filter<S> {
  return Object.freeze({ [FILTER]: true, node: Object.freeze(node) }) as unknown as Filter<S>
}

/** True for what the functions of this file made, also in another copy of this library. */
export function isFilter(value: unknown): value is Filter {
  return typeof value === 'object' && value !== null && FILTER in value
}

function columnOf(name: string, column: Column): { source: string; column: string } {
  assertColumn(column, name, `${name}(payments.amount, ...)`)
  return { source: column.source, column: column.column }
}

function literalOf(name: string, value: unknown): Literal {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value
  throw new TypeError(
    `${name}() compares with a string, a finite number or a boolean, not with ${showValue(value)}: for null write isNull(column)`,
  )
}

function nodeOf(name: string, filter: Filter): FilterNode {
  if (!isFilter(filter)) throw new TypeError(`${name}() needs filters, as ${name}(eq(payments.status, 'declined'))`)
  return filter.node
}

function comparison(op: ComparisonOp, column: Column, value: unknown): FilterNode {
  return { op, ...columnOf(op, column), value: literalOf(op, value) }
}

/** The column equals the value. False where the column is null: for that, {@link isNull}. */
export function eq<C extends Column>(column: C, value: ValueOf<NoInfer<C>>): Filter<SourceOf<C>> {
  return make(comparison('eq', column, value))
}

/** The column is not null and differs from the value: a comparison with null is false. */
export function ne<C extends Column>(column: C, value: ValueOf<NoInfer<C>>): Filter<SourceOf<C>> {
  return make(comparison('ne', column, value))
}

/** The column is greater than the value. Money compares in minor units: `gt(payments.amount, 1000)` is over 10.00. */
export function gt<C extends Column>(column: Ordered<'gt', C>, value: ValueOf<NoInfer<C>>): Filter<SourceOf<C>> {
  return make(comparison('gt', column as Column, value))
}

/** The column is greater than or equal to the value. */
export function gte<C extends Column>(column: Ordered<'gte', C>, value: ValueOf<NoInfer<C>>): Filter<SourceOf<C>> {
  return make(comparison('gte', column as Column, value))
}

/** The column is less than the value. */
export function lt<C extends Column>(column: Ordered<'lt', C>, value: ValueOf<NoInfer<C>>): Filter<SourceOf<C>> {
  return make(comparison('lt', column as Column, value))
}

/** The column is less than or equal to the value. */
export function lte<C extends Column>(column: Ordered<'lte', C>, value: ValueOf<NoInfer<C>>): Filter<SourceOf<C>> {
  return make(comparison('lte', column as Column, value))
}

/** The column is one of the values. False where it is null. */
export function inList<C extends Column>(column: C, values: readonly ValueOf<NoInfer<C>>[]): Filter<SourceOf<C>> {
  if (!Array.isArray(values)) throw new TypeError(`inList() needs an array of values`)
  return make({
    op: 'in',
    ...columnOf('inList', column),
    values: Object.freeze(values.map((value) => literalOf('inList', value))),
  })
}

/** The column is null: it was null in the event, or absent. */
export function isNull<C extends Column>(column: C): Filter<SourceOf<C>> {
  return make({ op: 'null', ...columnOf('isNull', column) })
}

/** Every filter holds. */
export function and<const F extends readonly Filter[]>(...filters: F): Filter<FilterSource<F[number]>> {
  return make({ op: 'and', filters: Object.freeze(filters.map((filter) => nodeOf('and', filter))) })
}

/** At least one filter holds. */
export function or<const F extends readonly Filter[]>(...filters: F): Filter<FilterSource<F[number]>> {
  return make({ op: 'or', filters: Object.freeze(filters.map((filter) => nodeOf('or', filter))) })
}

/** The filter does not hold. `not(eq(x, 1))` is true where x is null, as the comparison is false. */
export function not<S extends string>(filter: Filter<S>): Filter<S> {
  return make({ op: 'not', filter: nodeOf('not', filter) })
}

/** The names of the columns that a filter reads, each once. */
export function filterColumns(node: FilterNode): { source: string; column: string }[] {
  switch (node.op) {
    case 'and':
    case 'or': {
      const seen = new Map(node.filters.flatMap(filterColumns).map((column) => [JSON.stringify(column), column]))
      return [...seen.values()]
    }
    case 'not':
      return filterColumns(node.filter)
    default:
      return [{ source: node.source, column: node.column }]
  }
}
