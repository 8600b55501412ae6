/** Most characters that a sample repeats: a longer text is no good example. */
const REPEATS_MAX = 64

const CLASSES: Readonly<Record<string, string>> = { d: '0', w: 'a', s: ' ', D: 'a', W: '-', S: 'a' }
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', 0: '\0' }

/** What a class is tried with, best first. */
const CANDIDATES = [..."aA0123456789bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ-_. :/@+#!,;'()*&%$=~"]

/** A pattern has something that samples are not made of: a look-around, a back reference, a property class. */
class Unsampled extends Error {}

/**
 * A short text that a regular expression takes: of alternatives the first, of repetitions the fewest. Null where the pattern has
 * what this does not read; the text itself is always tried.
 */
export function samplePattern(pattern: string): string | null {
  try {
    const text = new Sampler(pattern).whole()
    return new RegExp(pattern, 'u').test(text) ? text : null
  } catch {
    return null
  }
}

class Sampler {
  readonly #pattern: string
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  whole(): string {
    const text = this.#alternatives()
    if (this.#at < this.#pattern.length) throw new Unsampled()
    return text
  }

  /** The first of `a|b|c`; the others are read over. */
  #alternatives(): string {
    const text = this.#sequence()
    while (this.#take('|')) this.#sequence()
    return text
  }

  #sequence(): string {
    let text = ''
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at]!)) {
      const atom = this.#atom()
      text += atom.repeat(this.#repeats())
    }
    return text
  }

  #atom(): string {
    const sign = this.#pattern[this.#at++]!
    if (sign === '^' || sign === '$') return ''
    if (sign === '.') return 'a'
    if (sign === '[') return this.#class()
    if (sign === '\\') return this.#escape()
    if (sign !== '(') return sign
    if (this.#take('?')) {
      const name = /^(?::|<[A-Za-z]\w*>)/.exec(this.#pattern.slice(this.#at))?.[0]
      if (name === undefined) throw new Unsampled()
      this.#at += name.length
    }
    const text = this.#alternatives()
    if (!this.#take(')')) throw new Unsampled()
    return text
  }

  #escape(): string {
    const sign = this.#pattern[this.#at++]!
    if (sign === 'b') return ''
    if (sign === 'u' || sign === 'x' || sign === 'p' || sign === 'P' || /[1-9kcB]/.test(sign)) throw new Unsampled()
    return CLASSES[sign] ?? ESCAPES[sign] ?? sign
  }

  #class(): string {
    const start = this.#at - 1
    while (this.#pattern[this.#at] !== ']') {
      if (this.#at >= this.#pattern.length) throw new Unsampled()
      this.#at += this.#pattern[this.#at] === '\\' ? 2 : 1
    }
    this.#at++
    const one = new RegExp(`^${this.#pattern.slice(start, this.#at)}$`, 'u')
    const found = CANDIDATES.find((candidate) => one.test(candidate))
    if (found === undefined) throw new Unsampled()
    return found
  }

  /** How often what was just read is to come. */
  #repeats(): number {
    const sign = this.#pattern[this.#at]
    let times = 1
    if (sign === '?' || sign === '*' || sign === '+') {
      this.#at++
      times = sign === '+' ? 1 : 0
    } else {
      const counts = /^\{([0-9]+)(?:,[0-9]*)?\}/.exec(this.#pattern.slice(this.#at))
      if (counts === null) return 1
      this.#at += counts[0].length
      times = Math.min(Number(counts[1]), REPEATS_MAX)
    }
    this.#take('?')
    return times
  }

  #take(sign: string): boolean {
    if (this.#pattern[this.#at] !== sign) return false
    this.#at++
    return true
  }
}
