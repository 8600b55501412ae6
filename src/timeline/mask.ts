import type { FilterNode, Literal } from './filter.ts'
import type { RowColumns } from './row-columns.ts'
import type { MaskFill } from './rows.ts'

const encoder = new TextEncoder()

/**
 * Compiles a filter over decoded columns (L4: a comparison with null is false, and `not` negates that).
 * `columnOf` gives the number of a column among those of `columns`.
 */
export function compileMask(node: FilterNode, columns: RowColumns, columnOf: (name: string) => number): MaskFill {
  switch (node.op) {
    case 'and':
    case 'or':
      return combine(
        node.op === 'and',
        node.filters.map((filter) => compileMask(filter, columns, columnOf)),
      )
    case 'not': {
      const inner = compileMask(node.filter, columns, columnOf)
      return (mask, count) => {
        inner(mask, count)
        for (let i = 0; i < count; i++) mask[i]! ^= 1
      }
    }
    case 'null': {
      const column = columnOf(node.column)
      return (mask, count) => {
        const cells = columns.columns[column]!
        for (let i = 0; i < count; i++) mask[i] = Number.isNaN(cells[i]!) ? 1 : 0
      }
    }
    case 'in': {
      const column = columnOf(node.column)
      const cellOf = node.values.map((value) => cellFinder(columns, column, value))
      return (mask, count) => {
        const cells = columns.columns[column]!
        const wanted = new Set(cellOf.map((find) => find()))
        for (let i = 0; i < count; i++) {
          const cell = cells[i]!
          mask[i] = !Number.isNaN(cell) && wanted.has(cell) ? 1 : 0
        }
      }
    }
    default: {
      const column = columnOf(node.column)
      const find = cellFinder(columns, column, node.value)
      const fill = COMPARE[node.op]
      return (mask, count) => fill(mask, columns.columns[column]!, find(), count)
    }
  }
}

type Compare = (mask: Uint8Array, cells: Float64Array, value: number, count: number) => void

// Comparisons with a NaN cell are false by themselves, but for `!==`.
const COMPARE: Record<'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte', Compare> = {
  eq: (mask, cells, value, count) => {
    for (let i = 0; i < count; i++) mask[i] = cells[i]! === value ? 1 : 0
  },
  ne: (mask, cells, value, count) => {
    for (let i = 0; i < count; i++) mask[i] = cells[i]! !== value && !Number.isNaN(cells[i]!) ? 1 : 0
  },
  gt: (mask, cells, value, count) => {
    for (let i = 0; i < count; i++) mask[i] = cells[i]! > value ? 1 : 0
  },
  gte: (mask, cells, value, count) => {
    for (let i = 0; i < count; i++) mask[i] = cells[i]! >= value ? 1 : 0
  },
  lt: (mask, cells, value, count) => {
    for (let i = 0; i < count; i++) mask[i] = cells[i]! < value ? 1 : 0
  },
  lte: (mask, cells, value, count) => {
    for (let i = 0; i < count; i++) mask[i] = cells[i]! <= value ? 1 : 0
  },
}

/** A code that no cell has: what a literal becomes that is in none of the rows. */
const ABSENT = -1

/** How a literal is found among the cells of the rows at hand. */
function cellFinder(columns: RowColumns, column: number, literal: Literal): () => number {
  const type = columns.type(column)
  switch (type.kind) {
    case 'string': {
      const text = encoder.encode(String(literal))
      return () => columns.codeOf(column, text)
    }
    case 'enum': {
      const code = typeof literal === 'string' ? type.values.indexOf(literal) : ABSENT
      return () => code
    }
    case 'bool': {
      const cell = literal === true ? 1 : literal === false ? 0 : ABSENT
      return () => cell
    }
    case 'time': {
      const cell = typeof literal === 'string' ? Date.parse(literal) : Number(literal)
      return () => cell
    }
    default: {
      const cell = Number(literal)
      return () => cell
    }
  }
}

/** All of some filters, or any of them. */
export function combine(all: boolean, fills: readonly MaskFill[]): MaskFill {
  let scratch = new Uint8Array(64)
  return (mask, count) => {
    // Over no filters: `and` holds, `or` does not.
    mask.fill(all ? 1 : 0, 0, count)
    if (scratch.length < count) scratch = new Uint8Array(count * 2)
    for (const fill of fills) {
      fill(scratch, count)
      if (all) for (let i = 0; i < count; i++) mask[i]! &= scratch[i]!
      else for (let i = 0; i < count; i++) mask[i]! |= scratch[i]!
    }
  }
}
