/** Gives the next of a series of choices: a whole number from 0 up to and without `count`. */
export type Choose = (count: number) => number

/** Writes a text that a part of a pattern takes. `stretch` is how often what may be repeated more than its minimum at most is. */
type Writer = (choose: Choose, stretch: number) => string

/** What sets are filled from. */
const POOL = [
  ...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ...'-_.:/@+ ,;!?#$%&*=~^\'"`|\\()[]{}<>\t\n',
  ...'éßñÆЖ中あ한ع€😀',
]

/**
 * Understands a regular expression as something that writes: gives texts that it is likely to take. Lookarounds and anchors are
 * passed over, so that a text is to be judged by the pattern itself. Null where it refers back to groups, or has a set that
 * none of some hundred characters is in.
 */
export function patternWriter(pattern: RegExp): Writer | null {
  const known = writers.get(pattern)
  if (known !== undefined) return known
  const writer = understood(pattern)
  writers.set(pattern, writer)
  return writer
}

const writers = new WeakMap<RegExp, Writer | null>()

function understood(pattern: RegExp): Writer | null {
  try {
    return new PatternReader(pattern).read()
  } catch (error) {
    if (error instanceof Unsupported) return null
    throw error
  }
}

class Unsupported extends Error {}

class PatternReader {
  readonly #source: string
  readonly #flags: string
  #at = 0

  constructor(pattern: RegExp) {
    this.#source = pattern.source
    this.#flags = pattern.flags.replace(/[^iuvs]/g, '')
  }

  read(): Writer {
    return this.#alternatives()
  }

  #alternatives(): Writer {
    const writers = [this.#sequence()]
    while (this.#takes('|')) writers.push(this.#sequence())
    return writers.length === 1 ? writers[0]! : (choose, stretch) => writers[choose(writers.length)]!(choose, stretch)
  }

  #sequence(): Writer {
    const parts: Writer[] = []
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!)) {
      parts.push(this.#repeated(this.#atom()))
    }
    return (choose, stretch) => parts.map((part) => part(choose, stretch)).join('')
  }

  #atom(): Writer {
    const from = this.#at
    const unit = this.#source[this.#at++]!
    switch (unit) {
      case '^':
      case '$':
        return nothing
      case '(':
        return this.#group()
      case '[':
        this.#skipSet()
        return this.#oneOf(this.#source.slice(from, this.#at))
      case '\\':
        return this.#escape(from)
      case '.':
        return this.#oneOf('.')
      default: {
        const character = String.fromCodePoint(this.#source.codePointAt(from)!)
        this.#at = from + character.length
        return () => character
      }
    }
  }

  #group(): Writer {
    const opening = /^(?:\?:|\?<?[=!]|\?<[^>]+>)?/.exec(this.#source.slice(this.#at))![0]
    this.#at += opening.length
    const inside = this.#alternatives()
    this.#at++
    return /^\?<?[=!]$/.test(opening) ? nothing : inside
  }

  #skipSet(): void {
    for (let depth = 1; depth > 0; this.#at++) {
      const unit = this.#source[this.#at]
      if (unit === undefined) throw new Unsupported()
      if (unit === '\\') this.#at++
      else if (unit === ']') depth--
      else if (unit === '[' && this.#flags.includes('v')) depth++
    }
  }

  #escape(from: number): Writer {
    const [escaped] = /^(?:u\{[^}]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|[pP]\{[^}]+\}|.)/s.exec(
      this.#source.slice(this.#at),
    )!
    this.#at += escaped.length
    if (escaped === 'b' || escaped === 'B') return nothing
    if (/^[1-9k]/.test(escaped)) throw new Unsupported()
    return this.#oneOf(this.#source.slice(from, this.#at))
  }

  #oneOf(set: string): Writer {
    const matcher = new RegExp(`^${set}$`, this.#flags)
    // What the set itself names is in it more likely than anything else.
    const characters = [...new Set([...POOL, ...set])].filter((character) => matcher.test(character))
    if (characters.length === 0) characters.push(...charactersOf(matcher))
    return (choose) => characters[choose(characters.length)]!
  }

  #repeated(atom: Writer): Writer {
    const quantifier = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/.exec(this.#source.slice(this.#at))
    if (quantifier === null) return atom
    this.#at += quantifier[0].length
    const [text, least, more, most] = quantifier
    const min = least === undefined ? (text.startsWith('+') ? 1 : 0) : Number(least)
    const max =
      least === undefined ? (text.startsWith('?') ? 1 : Infinity) : more === undefined ? min : Number(most || Infinity)
    return (choose, stretch) => {
      const spare = Math.min(max - min, stretch)
      const times = min + (spare === 0 ? 0 : choose(spare + 1))
      return Array.from({ length: times }, () => atom(choose, stretch)).join('')
    }
  }

  #takes(unit: string): boolean {
    if (this.#source[this.#at] !== unit) return false
    this.#at++
    return true
  }
}

function nothing(): string {
  return ''
}

/** The last code point of the plane that nearly all letters are in, and how many characters of a rare set are enough. */
const PLANE_END = 0xffff
const FOUND_MAX = 16

/** A few characters of a set that has none of the pool. */
function charactersOf(matcher: RegExp): string[] {
  const found: string[] = []
  for (let code = 0; code <= PLANE_END && found.length < FOUND_MAX; code++) {
    const character = String.fromCharCode(code)
    if (character.isWellFormed() && matcher.test(character)) found.push(character)
  }
  if (found.length === 0) throw new Unsupported()
  return found
}
