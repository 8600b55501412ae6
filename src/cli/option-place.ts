/**
 * Where an option stands in the text of a definition: a small reader of JavaScript and TypeScript that knows strings, comments,
 * templates and brackets, and no more. What it cannot follow (options made elsewhere, spread or computed) it answers with null.
 */

/** What a `/` after one of these begins is a regular expression; after anything else it divides. */
const BEFORE_REGEX = /[(,=:[!&|?{};+\-*%<>~^]$/

interface Token {
  readonly kind: 'word' | 'string' | 'sign' | 'other'
  readonly text: string
  readonly from: number
}

/**
 * The offset of an option's key: `['features', 'tx_count']` of the call `featureGroup('velocity', { ... })` that begins at `from`.
 * `depth`: how many keys of the path were found; the offset is that of the last of them. Null: not one was.
 */
export function optionPlace(
  text: string,
  from: number,
  path: readonly string[],
): { readonly offset: number; readonly depth: number } | null {
  const reader = new Reader(text, from)
  let found: { offset: number; depth: number } | null = null
  for (const [i, key] of path.entries()) {
    const offset = (i === 0 ? reader.enterCall() : reader.enterObject()) ? reader.findKey(key) : null
    if (offset === null) return found
    found = { offset, depth: i + 1 }
  }
  return found
}

class Reader {
  readonly #text: string
  #at: number
  #last = ''

  constructor(text: string, from: number) {
    this.#text = text
    this.#at = from
  }

  /** Goes into the object that is the call's options. */
  enterCall(): boolean {
    for (let token = this.#next(); token !== null; token = this.#next()) {
      if (token.text === '(') return this.enterObject(true)
      // Type arguments may stand before the call's bracket; anything else says that this is no call.
      if (token.kind === 'sign' && !'.<>,'.includes(token.text)) return false
    }
    return false
  }

  /** Goes into the first object of a value; `amongMany`: of any of the values that follow, as a call's arguments do. */
  enterObject(amongMany = false): boolean {
    let depth = 0
    for (let token = this.#next(); token !== null; token = this.#next()) {
      if (token.kind !== 'sign') continue
      if (token.text === '{') return true
      if (token.text === '=>' || (token.text === ',' && depth === 0 && !amongMany)) return false
      if (token.text === '(' || token.text === '[') depth++
      else if (token.text === ')' || token.text === ']' || token.text === '}') {
        if (--depth < 0) return false
      }
    }
    return false
  }

  /** Finds a key of the object that was entered, and goes behind it: its offset. */
  findKey(key: string): number | null {
    for (;;) {
      const token = this.#next()
      if (token === null || token.text === '}') return null
      const isKey = token.kind === 'word' || token.kind === 'string'
      if (isKey && token.text === key) return token.from
      if (!this.#skipProperty(token)) return null
    }
  }

  /** Goes behind the comma that ends a property; false where the object ends first. */
  #skipProperty(first: Token): boolean {
    let depth = first.text === '[' ? 1 : 0
    for (let token = this.#next(); token !== null; token = this.#next()) {
      if (token.kind !== 'sign') continue
      if (token.text === '(' || token.text === '[' || token.text === '{') depth++
      else if (token.text === ')' || token.text === ']' || token.text === '}') {
        if (depth === 0) return false
        depth--
      } else if (token.text === ',' && depth === 0) return true
    }
    return false
  }

  #next(): Token | null {
    const token = this.#read()
    if (token !== null) this.#last = token.text
    return token
  }

  #read(): Token | null {
    const text = this.#text
    const space = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y
    space.lastIndex = this.#at
    space.exec(text)
    const from = space.lastIndex
    const first = text[from]
    if (first === undefined) return null
    if (first === '`') return this.#end('other', from, templateEnd(text, from))
    if (first === "'" || first === '"') {
      const to = matchEnd(first === "'" ? /'(?:[^'\\\n]|\\[\s\S])*'/y : /"(?:[^"\\\n]|\\[\s\S])*"/y, text, from)
      return this.#end('string', from, to, text.slice(from + 1, to - 1))
    }
    if (/[\w$]/.test(first)) return this.#end('word', from, matchEnd(/[\w$]+/y, text, from))
    if (first === '/' && (this.#last === '' || BEFORE_REGEX.test(this.#last))) {
      return this.#end('other', from, matchEnd(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y, text, from))
    }
    return this.#end('sign', from, text.startsWith('=>', from) ? from + 2 : from + 1)
  }

  #end(kind: Token['kind'], from: number, to: number, text = this.#text.slice(from, to)): Token {
    this.#at = to
    return { kind, text, from }
  }
}

/** Where what stands at `from` ends; a sign of one character where it is not of the form. */
function matchEnd(form: RegExp, text: string, from: number): number {
  form.lastIndex = from
  return form.test(text) ? form.lastIndex : from + 1
}

/** Where a template ends, with the templates and brackets inside of it. */
function templateEnd(text: string, from: number): number {
  let at = from + 1
  while (at < text.length) {
    if (text[at] === '\\') at += 2
    else if (text[at] === '`') return at + 1
    else if (text.startsWith('${', at)) at = substitutionEnd(text, at + 2)
    else at++
  }
  return text.length
}

function substitutionEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const sign = text[at]
    if (sign === '`') at = templateEnd(text, at) - 1
    else if (sign === '{') depth++
    else if (sign === '}' && depth-- === 0) return at + 1
  }
  return text.length
}
