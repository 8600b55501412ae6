import type { CheckDefinition } from '../features/zod-definition.ts'
import { type Choose, patternWriter } from './pattern-text.ts'

/** Most texts that are tried: a pattern whose texts are to have one exact length may take hundreds. */
const TRIES_MAX = 5_000

/** Readable texts of formats, the n-th of a column. Each is judged by the schema, so that one which does not fit does no harm. */
const FORMATS: Readonly<Record<string, (word: string, n: number) => string>> = {
  uuid: (_, n) => `00000000-0000-4000-8000-${pad(n, 12)}`,
  guid: (_, n) => `00000000-0000-4000-8000-${pad(n, 12)}`,
  ulid: (_, n) => pad(n, 26),
  email: (word, n) => `${word.replaceAll('_', '-')}-${n}@example.com`,
  url: (word, n) => `https://example.com/${word}/${n}`,
  e164: (_, n) => `+1555${pad(n, 7)}`,
  ipv4: (_, n) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
  ipv6: (_, n) => `2001:db8::${((n >> 16) & 0xffff).toString(16)}:${(n & 0xffff).toString(16)}`,
  cidrv4: (_, n) => `10.${(n >> 8) & 255}.${n & 255}.0/24`,
  cidrv6: (_, n) => `2001:db8:${(n & 0xffff).toString(16)}::/48`,
  date: (_, n) => new Date(Date.UTC(2026, 0, n)).toISOString().slice(0, 10),
  time: (_, n) => new Date(n * 1_000).toISOString().slice(11, 19),
  duration: (_, n) => `PT${n}H`,
  jwt: (word, n) => ['{"alg":"none","typ":"JWT"}', `{"sub":"${word}-${n}"}`, 'x'].map(base64url).join('.'),
  base64: (word, n) => Buffer.from(`${word}-${n}`).toString('base64'),
  base64url: (word, n) => base64url(`${word}-${n}`),
  iban: (_, n) => iban(pad(n, 18)),
  credit_card: (_, n) => withLuhn(`4${pad(n, 14)}`),
  creditCard: (_, n) => withLuhn(`4${pad(n, 14)}`),
  emoji: (_, n) => '😀'.repeat(n),
}

/**
 * The n-th text of a column that `takes` it, a readable one where there is one, and that was not `taken`; null where none was found.
 * The same each time.
 */
export function textSample(
  word: string,
  n: number,
  checks: readonly CheckDefinition[],
  takes: (text: string) => boolean,
): string | null {
  const { least, most } = lengths(checks)
  for (const text of readable(word, n, least, checks)) if (takes(text)) return text
  const writers = checks.flatMap(({ pattern }) => {
    const writer = pattern === undefined ? null : patternWriter(pattern)
    return writer === null ? [] : [writer]
  })
  const prefix = checks.map(({ prefix = '' }) => prefix).join('')
  const suffix = checks.map(({ suffix = '' }) => suffix).join('')
  for (let attempt = 0; attempt < TRIES_MAX && writers.length > 0; attempt++) {
    const writer = writers[attempt % writers.length]!
    // A length that is asked for is come by at last, by whichever share of it each part has.
    const stretch = Math.floor(attempt / writers.length) % (Math.min(most, Math.max(least, SHORT)) + 1)
    const written = writer(choices(n, attempt), stretch)
    const numbered = written + pad(n, least - written.length)
    for (const text of [written, numbered, prefix + written + suffix]) if (takes(text)) return text
  }
  return null
}

/** Parts of a pattern that may be repeated without end are so up to this often. */
const SHORT = 8

function* readable(word: string, n: number, least: number, checks: readonly CheckDefinition[]): Iterable<string> {
  for (const { format, prefix, suffix, includes } of checks) {
    if (format !== undefined && Object.hasOwn(FORMATS, format)) yield FORMATS[format]!(word, n)
    if (prefix !== undefined || suffix !== undefined || includes !== undefined) {
      yield `${prefix ?? ''}${includes ?? ''}${n}${suffix ?? ''}`
    }
  }
  for (const start of [`${word}-`, word.replaceAll('_', ''), word.toUpperCase(), word.slice(0, 1), '']) {
    yield `${start}${n}`
    yield `${start}${pad(n, least - start.length)}`
  }
}

function lengths(checks: readonly CheckDefinition[]): { least: number; most: number } {
  let least = 0
  let most = Number.POSITIVE_INFINITY
  for (const { minimum, maximum, length } of checks) {
    least = Math.max(least, minimum ?? length ?? 0)
    most = Math.min(most, maximum ?? length ?? most)
  }
  return { least, most }
}

function pad(n: number, digits: number): string {
  return String(n).padStart(digits, '0')
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** A German IBAN: its check digits make it 1 modulo 97, where letters count from 10 (ISO 13616). */
function iban(account: string): string {
  const check = 98n - (BigInt(`${account}131400`) % 97n)
  return `DE${String(check).padStart(2, '0')}${account}`
}

/** Digits and the check digit behind them, by the formula of Luhn (ISO/IEC 7812). */
function withLuhn(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

/** A series of choices that is another one for each n and attempt (mulberry32). */
function choices(n: number, attempt: number): Choose {
  let state = Math.imul(n, 0x9e3779b1) ^ Math.imul(attempt + 1, 0x85ebca6b)
  return (count) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count
  }
}
