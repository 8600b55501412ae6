import { showValue } from '../../features/event-error.ts'

/** Where a text stops being JSON, and what was expected there. */
export interface JsonFault {
  readonly offset: number
  readonly expected: string
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORD = /true|false|null/y
const BLANK = /[ \t\r\n]*/y

/**
 * Looks for the first place where a text is not JSON; null where it is none. `JSON.parse` does not always tell the place. Only
 * for texts that it has refused: this is slow.
 */
export function jsonFault(text: string): JsonFault | null {
  // What is still to come, innermost last: a member of an object, an element of a list.
  const open: ('}' | ']')[] = []
  let at = 0
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return false
    at = pattern.lastIndex
    return true
  }
  const string = (): boolean => {
    const end = stringEnd(text, at)
    if (end < 0) return false
    at = end
    return true
  }
  const take = (character: string): boolean => {
    skip(BLANK)
    if (text[at] !== character) return false
    at++
    return true
  }
  const fault = (expected: string): JsonFault => ({ offset: at, expected })
  const name = (): JsonFault | null => {
    skip(BLANK)
    if (!string()) return fault('a name in double quotes')
    return take(':') ? null : fault("':'")
  }
  for (;;) {
    // A value, with all the openings before it.
    skip(BLANK)
    if (text[at] === '{') {
      at++
      if (!take('}')) {
        open.push('}')
        const wrong = name()
        if (wrong !== null) return wrong
        continue
      }
    } else if (text[at] === '[') {
      at++
      if (!take(']')) {
        open.push(']')
        continue
      }
    } else if (!string() && !skip(NUMBER) && !skip(WORD)) return fault('a value')
    // What ends with it, and what comes next.
    for (;;) {
      const end = open.at(-1)
      if (end === undefined) {
        skip(BLANK)
        return at === text.length ? null : fault('the end')
      }
      if (take(end)) open.pop()
      else if (take(',')) break
      else return fault(`',' or '${end}'`)
    }
    const wrong = open.at(-1) === '}' ? name() : null
    if (wrong !== null) return wrong
  }
}

/** Where the string that begins at a place ends; -1 where there is none, or none that is whole. */
function stringEnd(text: string, start: number): number {
  if (text[start] !== '"') return -1
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at + 1
    if (code < 0x20) return -1
    if (code === 0x5c) {
      ESCAPE.lastIndex = at
      if (!ESCAPE.test(text)) return -1
      at = ESCAPE.lastIndex - 1
    }
  }
  return -1
}

/** A sentence that says where a text stops being JSON: `line 2, column 7: a value is expected, but there is "}"`. */
export function jsonFaultText(text: string): string {
  const fault = jsonFault(text)
  if (fault === null) return 'it is not JSON'
  const before = text.slice(0, fault.offset)
  const line = before.split('\n').length
  const column = fault.offset - before.lastIndexOf('\n')
  const found = fault.offset < text.length ? showValue(text[fault.offset]) : 'nothing'
  return `line ${line}, column ${column}: ${fault.expected} is expected, but there is ${found}`
}
