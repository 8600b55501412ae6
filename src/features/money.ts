import { z } from 'zod'
import { showValue } from '../timeline/shown-value.ts'

/** Most decimals of an amount: with more, not even one whole unit would fit below 2^53. */
export const MONEY_SCALE_MAX = 15

/**
 * Most minor units that a number may stand for, where it has decimals. From 2^52 on two amounts can be the same double, so
 * that one of them would be rounded; below 2^50 the arithmetic that decides is exact too. Text has no such limit.
 */
const NUMBER_MINOR_MAX = 2 ** 50 - 1

/** Marks a schema that `money` made. A registered symbol in the schema's definition, which every clone of it carries on. */
const MONEY = Symbol.for('millrace.money')

const TEXT = /^(-?)(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,15}))?$/

/** A zod schema of an amount: text or number in, whole minor units out. */
export type MoneySchema = z.ZodCodec<z.ZodUnion<readonly [z.ZodString, z.ZodNumber]>, z.ZodInt>

/**
 * An amount of money: `"12.34"` or `12.34` in, 1234 inside at scale 2. More decimals than the scale are refused, never
 * rounded; text must have at most that many digits after the point, zeros too, no blank, no `+`, no exponent, no leading
 * zeros. A number is judged by its shortest decimal text, so `12.3400` is 12.34. At most 2^53 - 1 minor units, and 2^50 - 1
 * in a number with decimals, as beyond that two amounts are soon the same number.
 *
 * Throws a RangeError where the scale is no whole number from 0 to 15.
 */
export function money(options: { readonly scale: number }): MoneySchema {
  const scale = options?.scale
  if (!Number.isInteger(scale) || scale < 0 || scale > MONEY_SCALE_MAX) {
    throw new RangeError(
      `money() needs a whole scale from 0 to ${MONEY_SCALE_MAX}, as money({ scale: 2 }), not ${showValue(scale)}`,
    )
  }
  const pattern = new RegExp(`^-?(0|[1-9][0-9]{0,15})${scale === 0 ? '' : `(\\.[0-9]{1,${scale}})?`}$`)
  const given = z.union([z.string().regex(pattern, moneyRule(scale)), z.number()], moneyRule(scale))
  const schema = z.codec(given, z.int(), {
    decode(value, context) {
      const minor = parseMoney(value, scale)
      if (minor !== null) return minor
      context.issues.push({ code: 'custom', input: value, message: moneyRule(scale) })
      return z.NEVER
    },
    encode: (minor) => formatMoney(minor, scale),
  })
  Object.defineProperty(schema._zod.def, MONEY, { value: scale, enumerable: true })
  return schema
}

/** Decimals of a schema that {@link money} made, also inside `.nullable()` and `.optional()`; null for any other schema. */
export function moneyScale(schema: z.core.$ZodType): number | null {
  const def = schema._zod.def as { [MONEY]?: number; type: string; innerType?: z.core.$ZodType }
  const scale = def[MONEY]
  if (scale !== undefined) return scale
  const wrapped = (def.type === 'nullable' || def.type === 'optional') && def.innerType !== undefined
  return wrapped ? moneyScale(def.innerType as z.core.$ZodType) : null
}

/** Minor units of an amount, or null where it breaks {@link moneyRule}. Never -0. */
export function parseMoney(value: unknown, scale: number): number | null {
  if (typeof value === 'string') return parseText(value, scale)
  if (typeof value !== 'number') return null
  const factor = 10 ** scale
  const minor = Math.round(value * factor)
  // Division rounds correctly, so it gives `value` back exactly where that is the double nearest to `minor` units.
  return Math.abs(minor) <= moneyNumberMax(scale) && minor / factor === value ? minor + 0 : null
}

/** Most minor units that an amount given as a number may have. */
export function moneyNumberMax(scale: number): number {
  return scale === 0 ? Number.MAX_SAFE_INTEGER : NUMBER_MINOR_MAX
}

function parseText(text: string, scale: number): number | null {
  const match = TEXT.exec(text)
  if (match === null) return null
  const decimals = match[3] ?? ''
  if (decimals.length > scale) return null
  const minor = Number(match[2] + decimals.padEnd(scale, '0'))
  if (minor > Number.MAX_SAFE_INTEGER) return null
  return match[1] === '-' && minor !== 0 ? -minor : minor
}

/** The shortest text that {@link parseMoney} reads as so many minor units: 1230 at scale 2 is `12.3`. */
export function formatMoney(minor: number, scale: number): string {
  const digits = String(Math.abs(minor)).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const decimals = digits.slice(digits.length - scale).replace(/0+$/, '')
  return `${minor < 0 ? '-' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`
}

/** What an amount must be, as the end of a sentence that begins with the field's name. */
export function moneyRule(scale: number): string {
  const example = formatMoney(1234, scale)
  const decimals = scale === 0 ? 'no decimals' : `at most ${scale} decimal${scale === 1 ? '' : 's'}`
  const limit = `within ±${formatMoney(Number.MAX_SAFE_INTEGER, scale)}`
  const numberLimit = scale === 0 ? '' : ` (a number within ±${formatMoney(NUMBER_MINOR_MAX, scale)})`
  return `must be an amount with ${decimals}, as "${example}" or ${example}, ${limit}${numberLimit}`
}
