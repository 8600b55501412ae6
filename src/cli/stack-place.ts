import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A place in a file, counted from 1. */
export interface Place {
  readonly path: string
  readonly line: number
  readonly column: number | null
}

/** The places of a stack, the innermost first. Errors of linking begin with the place, on a line of its own. */
export function placesIn(stack: string): Place[] {
  const head = /^(\S+):(\d+)\n/.exec(stack)
  // A path may have brackets of its own, as `/features (1)/card.ts`.
  const frames = [...stack.matchAll(/^ {4}at (?:.*? \()?((?:file:\/\/)?\/.+?):(\d+):(\d+)\)?$/gm)]
  return [
    ...(head === null ? [] : [{ path: pathOf(head[1]!), line: Number(head[2]), column: null }]),
    ...frames.map(([, path, line, column]) => ({ path: pathOf(path!), line: Number(line), column: Number(column) })),
  ]
}

/** A path of a module's URL, or of a path with a query. What compiled the module may have left the path as the URL has it. */
export function pathOf(text: string): string {
  const plain = text.split('?', 1)[0]!
  if (plain.startsWith('file:')) return fileURLToPath(plain)
  if (!plain.includes('%') || existsSync(plain)) return plain
  try {
    return fileURLToPath(`file://${plain}`)
  } catch {
    return plain
  }
}
