import type { ColumnType } from '../timeline/column-type.ts'

/** How one cell of a CSV file becomes the value that JSON would have; undefined: there is none. */
export type TextReader = (text: string) => unknown

/** A number as JSON writes it. */
export const JSON_NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/

const BOOLS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
])

/**
 * What reads the cells of a column. A text that is not what the column holds stays a text, so that the parser refuses it
 * and says why. An empty cell is null, but for a text, of which it is one.
 */
export function textReader(type: ColumnType, epoch: boolean): TextReader {
  switch (epoch ? 'int' : type.kind) {
    case 'string':
      return (text) => text
    case 'int':
    case 'double':
      return (text) => (text === '' ? null : isNumber(text) ? Number(text) : text)
    case 'bool':
      return (text) => (text === '' ? null : (BOOLS.get(text.toLowerCase()) ?? text))
    default:
      return (text) => (text === '' ? null : text)
  }
}

/** Beyond the range of a double it is none: JSON, which has no infinity, would write null for it. */
function isNumber(text: string): boolean {
  return JSON_NUMBER.test(text) && Number.isFinite(Number(text))
}
