/** A statement as a request brings it: its SQL, and the data behind it where it is an INSERT that has some. */
export interface FrontStatement {
  readonly sql: string
  /** Format of the answer, or of the data. */
  readonly format: string | null
  /** Whether data of this format follows. */
  readonly hasData: boolean
}

const TOKEN = /'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|--[^\n]*|\/\*[\s\S]*?\*\/|\w+|\s+|[^\s\w]/y

/** Words and signs of a text with their places, from `from` on; ends where a quote is not closed. */
function* tokens(text: string, from = 0): Generator<{ readonly word: string; readonly at: number }> {
  const token = new RegExp(TOKEN)
  token.lastIndex = from
  for (let match = token.exec(text); match !== null; match = token.exec(text)) yield { word: match[0], at: match.index }
}

/** Whether a text begins with INSERT, or may still come to. */
export function isInsert(text: string): boolean {
  return /^\s*INSERT\b/i.test(text)
}

/**
 * Finds where the data of an INSERT begins: behind `FORMAT <name>` and the line break, as the real parser does. Null where
 * the text has no such place (yet).
 */
export function insertHead(
  text: string,
): { readonly sql: string; readonly format: string; readonly data: number } | null {
  let depth = 0
  for (const { word, at } of tokens(text)) {
    if (word === '(') depth++
    else if (word === ')') depth--
    else if (depth === 0 && /^format$/i.test(word)) {
      const named = /^FORMAT\s+(\w+)[ \t\f]*(\r?\n)/i.exec(text.slice(at, at + 100))
      if (named !== null) return { sql: text.slice(0, at), format: named[1]!, data: at + named[0].length }
    }
  }
  return null
}

/** The SQL of any other statement, without the format at its end. */
export function plainStatement(text: string): FrontStatement {
  const found = /\bFORMAT\s+(\w+)\s*;?\s*$/i.exec(text)
  if (found === null || isInsert(text)) return { sql: text.replace(/;\s*$/, ''), format: null, hasData: false }
  return { sql: text.slice(0, found.index), format: found[1]!, hasData: false }
}

/** An INSERT that takes its data from a file, given by number, instead of the request. */
export function fromFile(sql: string, format: string, file: number): string {
  let last = { word: '', at: 0 }
  for (const token of tokens(sql)) {
    if (token.word.trim() === '') continue
    if (token.word === '(' && /^input$/i.test(last.word)) {
      return `${sql.slice(0, last.at)}file(${file}, '${format}', ${sql.slice(token.at + 1)}`
    }
    last = token
  }
  return `${sql} SELECT * FROM file(${file}, '${format}')`
}
