import type { z } from 'zod'
import { type ColumnType, DOUBLE_MAX, STRING_BYTES_MAX, TIME_MS_MAX, TIME_MS_MIN } from '../timeline/column-type.ts'
import { type EventProblemCode, showValue } from './event-error.ts'
import { parseIsoTime } from './iso-time.ts'
import { moneyRule, parseMoney } from './money.ts'
import { JSON_NUMBER } from './text-event.ts'
import { type Known, type ValueCheck, valueChecks } from './value-checks.ts'

/** Why a value is refused: the end of a sentence that begins with the value. */
export interface ValueRefusal {
  readonly code: EventProblemCode
  readonly text: string
  /** What to send instead. */
  readonly cure: string
}

/** Reads the values of one column. Null is not its business. */
export interface ValueReader {
  /** The canonical form of a value as JSON gives it, or undefined where it is refused. */
  read(value: unknown): Known | undefined
  /** What the schema asks of a canonical value beyond its type; null: nothing. */
  readonly holds: ((value: Known) => boolean) | null
  /** Why `read` refused the value. */
  refusal(value: unknown): ValueRefusal
  /** Why a value that has the canonical form, but comes unchecked from the archive, is refused; null where it is not. */
  problem(value: Known): string | null
}

/** Reads of a type without its checks. `canonical`: the same for a value in canonical form, where that is another one. */
interface Kind {
  read(value: unknown): Known | undefined
  refusal(value: unknown): ValueRefusal
  canonical?: { read(value: unknown): Known | undefined; refusal(value: unknown): ValueRefusal }
}

export interface ReaderOptions {
  readonly type: ColumnType
  /** The zod type that says more than `type`; null where nothing does. */
  readonly leaf: z.core.$ZodType | null
  /** A time comes as a number of epoch milliseconds, not as ISO 8601. */
  readonly epoch: boolean
  /** Money comes as whole minor units, not as an amount. Default: false. */
  readonly minor?: boolean
  readonly precision: 'ms' | 's'
}

/** Compiles the reader of a column: what its type and checks are is decided here, once. */
export function valueReader(options: ReaderOptions): ValueReader {
  const kind = kindOf(options)
  const canonical = kind.canonical ?? kind
  const checks = options.leaf === null ? [] : valueChecks(options.leaf)
  const failed = (value: Known): ValueCheck | undefined => checks.find((check) => !check.holds(value))
  return {
    read: checks.length === 0 ? kind.read : checkedRead(kind.read, checks),
    holds: checks.length === 0 ? null : (value) => failed(value) === undefined,
    refusal(value) {
      const read = kind.read(value)
      if (read === undefined) return kind.refusal(value)
      const check = failed(read)!
      return { code: 'EVENT_VALUE', text: check.says(read), cure: check.cure }
    },
    problem(value) {
      if (canonical.read(value) === undefined) return canonical.refusal(value).text
      return checks.length === 0 ? null : (failed(value)?.says(value) ?? null)
    },
  }
}

function checkedRead(read: Kind['read'], checks: readonly ValueCheck[]): Kind['read'] {
  const [first, ...others] = checks
  if (others.length === 0) {
    return (value) => {
      const known = read(value)
      return known !== undefined && first!.holds(known) ? known : undefined
    }
  }
  return (value) => {
    const known = read(value)
    if (known === undefined) return undefined
    for (const check of checks) if (!check.holds(known)) return undefined
    return known
  }
}

function kindOf({ type, leaf, epoch, minor, precision }: ReaderOptions): Kind {
  switch (type.kind) {
    case 'string':
      // Where the schema says `.max()` itself, its check comes later and gives the better sentence.
      return stringKind(leaf === null ? type.bytesMax : STRING_BYTES_MAX)
    case 'int':
      return INT
    case 'double':
      return DOUBLE
    case 'bool':
      return BOOL
    case 'enum':
      return enumKind(type.values)
    case 'money':
      return minor === true ? MINOR : moneyKind(type.scale)
    case 'time':
      return epoch ? epochKind(precision) : timeKind(precision)
  }
}

function wrong(text: string, cure: string): ValueRefusal {
  return { code: 'EVENT_TYPE', text, cure }
}

function outside(text: string, cure: string): ValueRefusal {
  return { code: 'EVENT_VALUE', text, cure }
}

/** A UTF-16 unit is at most three bytes of UTF-8: a text shorter than a third of its limit needs no counting. */
const UNIT_BYTES_MAX = 3

function stringKind(bytesMax: number): Kind {
  const unitsMax = Math.floor(bytesMax / UNIT_BYTES_MAX)
  const fits = (text: string) => text.length <= unitsMax || Buffer.byteLength(text) <= bytesMax
  return {
    read: (value) => (typeof value === 'string' && fits(value) && value.isWellFormed() ? value : undefined),
    refusal(value) {
      if (typeof value !== 'string') return wrong('is not a text', 'send a text')
      if (!value.isWellFormed()) return outside('is not Unicode: half of a surrogate pair is missing', 'send Unicode')
      const text = `has ${Buffer.byteLength(value)} bytes of UTF-8: a text here has at most ${bytesMax}`
      return outside(text, `send at most ${bytesMax} bytes, as the text's beginning or its hash`)
    },
  }
}

const INT: Kind = {
  // Adding 0 makes -0 a 0.
  read: (value) => (Number.isSafeInteger(value) ? (value as number) + 0 : undefined),
  refusal(value) {
    if (typeof value !== 'number') return notNumber(value, 'send a whole number')
    const cure = 'keep it in a z.string() column'
    return Number.isInteger(value) || !Number.isFinite(value)
      ? outside(`is past 2^53, from where on integers are not exact: ${cure}`, cure)
      : wrong('is not a whole number', 'send a whole number')
  },
}

const MINOR: Kind = {
  read: INT.read,
  refusal(value) {
    if (Number.isInteger(value)) {
      return outside('is past 2^53, from where on minor units are not exact', 'give the column a smaller scale')
    }
    return wrong(
      'is no whole number of minor units: money is counted in them here, 1234 for 12.34 at scale 2',
      'give minor units',
    )
  },
}

const DOUBLE: Kind = {
  read: (value) => (typeof value === 'number' && value <= DOUBLE_MAX && value >= -DOUBLE_MAX ? value + 0 : undefined),
  refusal(value) {
    if (typeof value !== 'number') return notNumber(value, 'send a number')
    return Number.isFinite(value)
      ? outside(`is past ±${DOUBLE_MAX}`, `send a number within ±${DOUBLE_MAX}`)
      : outside('is not a finite number', 'send a finite number')
  },
}

const BOOL: Kind = {
  read: (value) => (typeof value === 'boolean' ? value : undefined),
  refusal: (value) =>
    wrong(
      'is not true or false',
      value === 'true' || value === 'false' ? 'send it without quotes' : 'send true or false',
    ),
}

function notNumber(value: unknown, cure: string): ValueRefusal {
  if (typeof value !== 'string' || value.trim() === '' || !Number.isFinite(Number(value))) {
    return wrong('is not a number', cure)
  }
  const unquoted = 'send it without quotes'
  if (JSON_NUMBER.test(value)) return wrong(`is a text, not a number: ${unquoted}`, unquoted)
  // As "007", " 5" or "0x1F": without its quotes it would be no JSON, and a cell of CSV has none.
  return wrong('is not written as JSON writes a number', 'write it as 7, -0.5 or 1e3')
}

/** Most values of an enum that a message names. */
const VALUES_SHOWN_MAX = 8

function enumKind(values: readonly string[]): Kind {
  const known = new Set<unknown>(values)
  const shown = values.slice(0, VALUES_SHOWN_MAX).map(showValue).join(', ')
  const more = values.length > VALUES_SHOWN_MAX ? ` or ${values.length - VALUES_SHOWN_MAX} more` : ''
  return {
    read: (value) => (known.has(value) ? (value as string) : undefined),
    refusal: (value) =>
      (typeof value === 'string' ? outside : wrong)(`is not one of ${shown}${more}`, `send one of ${shown}${more}`),
  }
}

function moneyKind(scale: number): Kind {
  return {
    read: (value) => parseMoney(value, scale) ?? undefined,
    refusal(value) {
      const cure = `send an amount with at most ${scale} decimals`
      if (typeof value !== 'number' && typeof value !== 'string') return wrong(moneyRule(scale), cure)
      return decimalsOf(value) > scale
        ? outside(`has more than ${scale} decimals: money at scale ${scale} is never rounded`, cure)
        : outside(moneyRule(scale), cure)
    },
    canonical: INT,
  }
}

/** Digits after the point, of a plain decimal number or its text; 0 for anything else. */
function decimalsOf(value: number | string): number {
  return /^-?[0-9]+\.([0-9]+)$/.exec(String(value))?.[1]?.length ?? 0
}

const OUT_OF_RANGE = outside(
  'is outside the years 2000 to 2100: the unit is wrong, times are epoch milliseconds',
  'send epoch milliseconds',
)
const inRange = (time_ms: number): boolean => time_ms >= TIME_MS_MIN && time_ms <= TIME_MS_MAX

function epochKind(precision: 'ms' | 's'): Kind {
  const floor = floorTo(precision)
  return {
    read: (value) => (Number.isSafeInteger(value) && inRange(value as number) ? floor(value as number) : undefined),
    refusal(value) {
      if (Number.isSafeInteger(value)) return OUT_OF_RANGE
      const { code, text } = INT.refusal(value)
      return { code, text, cure: 'send epoch milliseconds, as a whole number' }
    },
  }
}

function timeKind(precision: 'ms' | 's'): Kind {
  const floor = floorTo(precision)
  return {
    read(value) {
      if (typeof value !== 'string') return undefined
      const time_ms = parseIsoTime(value)
      return time_ms !== null && inRange(time_ms) ? floor(time_ms) : undefined
    },
    refusal(value) {
      const example = 'as "2024-05-01T12:30:00Z"'
      const cure = `send a time in ISO 8601, ${example}`
      if (typeof value !== 'string') return wrong(`is not a time in ISO 8601, ${example}`, cure)
      if (parseIsoTime(value) !== null) {
        return outside('is outside the years 2000 to 2100', 'send a time of the years 2000 to 2100')
      }
      const offset = 'end it with Z or its offset'
      return parseIsoTime(`${value}Z`) === null
        ? outside(`is not a time in ISO 8601, ${example}`, cure)
        : outside(`names no instant: ${offset}`, offset)
    },
    canonical: epochKind(precision),
  }
}

function floorTo(precision: 'ms' | 's'): (time_ms: number) => number {
  return precision === 's' ? (time_ms) => Math.floor(time_ms / 1_000) * 1_000 : (time_ms) => time_ms
}
