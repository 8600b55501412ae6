import type { z } from 'zod'
import { type ColumnType, STRING_BYTES_MAX } from '../timeline/column-type.ts'
import { moneyScale } from './money.ts'
import { refusedNode } from './refused-nodes.ts'
import { type CheckDefinition, checksOf, type Definition, definitionOf, type Refusal } from './zod-definition.ts'

/** A column of a schema, understood. */
export interface ColumnReading {
  readonly type: ColumnType
  /** Null and absent are allowed, and are one and the same. */
  readonly nullable: boolean
  /** Only of the event's time: the schema gives it as `z.int()`, in epoch milliseconds. */
  readonly epoch?: true
  /** The zod type without `.nullable()`, `.optional()` and `.readonly()`: it carries the checks. */
  readonly leaf: z.core.$ZodType
}

const STRING_CHECKS = new Set(['min_length', 'max_length', 'length_equals', 'string_format'])
const NUMBER_CHECKS = new Set(['greater_than', 'less_than', 'multiple_of', 'number_format'])
const INTEGER_FORMATS = new Set(['safeint', 'int32', 'uint32'])

/** UTF-8 bytes of the formats whose longest text is known. */
const FORMAT_BYTES: Readonly<Record<string, number>> = {
  uuid: 36,
  guid: 36,
  ulid: 26,
  ipv4: 15,
  ipv6: 45,
  date: 10,
  e164: 16,
}

/** A UTF-16 unit, which `.max()` counts, is at most three bytes of UTF-8. */
const BYTES_PER_UNIT_MAX = 3

export function isRefusal(reading: ColumnReading | Refusal): reading is Refusal {
  return 'refused' in reading
}

/**
 * The column that a zod type stands for, or why it is refused. The list is closed, so that an event which is valid on one
 * road (JSON, CSV, the archive) is valid on all of them: nothing that changes values, nothing that only code can judge.
 */
export function readColumn(schema: z.core.$ZodType): ColumnReading | Refusal {
  let nullable = false
  let leaf = schema
  for (let def = definitionOf(leaf); ; def = definitionOf(leaf)) {
    if (def.type === 'nullable' || def.type === 'optional') nullable = true
    else if (def.type !== 'readonly') break
    leaf = def.innerType!
  }
  const type = typeOf(leaf)
  return 'refused' in type ? type : { type, nullable, leaf }
}

function typeOf(leaf: z.core.$ZodType): ColumnType | Refusal {
  const def = definitionOf(leaf)
  const scale = moneyScale(leaf)
  if (scale !== null) {
    return (def.checks ?? []).length === 0
      ? { kind: 'money', scale }
      : refuse('a check on money()', 'is not known to the archive', 'leave the check out: money({ scale }) is enough')
  }
  if (def.coerce) {
    const plain = `z.${def.type}()`
    return refuse(`z.coerce.${def.type}()`, 'changes values on its way', `write ${plain} and send the value as it is`)
  }
  switch (def.type) {
    case 'string':
      return def.format === 'datetime' ? timeOf(def) : (stringOf(leaf) as ColumnType | Refusal)
    case 'number':
      return numberOf(leaf)
    case 'boolean':
      return uncheckable(def) ?? { kind: 'bool' }
    case 'enum':
    case 'literal':
      return uncheckable(def) ?? enumOf(def)
    default:
      return refusedNode(def)
  }
}

function timeOf(def: Definition): ColumnType | Refusal {
  const cure = 'write z.iso.datetime({ offset: true })'
  if (def.local) return refuse('z.iso.datetime({ local: true })', 'allows times that name no instant', cure)
  if ((def.checks ?? []).length === 0) return { kind: 'time' }
  return refuse('a check on z.iso.datetime()', 'judges its text, which the archive does not keep', cure)
}

function stringOf(leaf: z.core.$ZodType): ColumnType | Refusal {
  let bytesMax = STRING_BYTES_MAX
  for (const check of checksOf(leaf)) {
    if (!STRING_CHECKS.has(check.check)) return refusedCheck(check)
    if (check.format === 'datetime') {
      return refuse('z.string().datetime()', 'would be kept as text', 'write z.iso.datetime({ offset: true })')
    }
    if (check.normalize) return refuse('z.url({ normalize: true })', 'changes values on its way', 'write z.url()')
    if (check.fn !== undefined && check.pattern === undefined) {
      return refuse('z.stringFormat() with a function', 'is code', 'write z.stringFormat() with a regular expression')
    }
    const units = check.maximum ?? check.length
    if (units !== undefined) bytesMax = Math.min(bytesMax, units * BYTES_PER_UNIT_MAX)
    if (check.format !== undefined) bytesMax = Math.min(bytesMax, FORMAT_BYTES[check.format] ?? bytesMax)
  }
  return { kind: 'string', bytesMax }
}

function numberOf(leaf: z.core.$ZodType): ColumnType | Refusal {
  let kind: 'int' | 'double' = 'double'
  for (const check of checksOf(leaf)) {
    if (!NUMBER_CHECKS.has(check.check)) return refusedCheck(check)
    if (check.format !== undefined && INTEGER_FORMATS.has(check.format)) kind = 'int'
  }
  return { kind }
}

function enumOf(def: Definition): ColumnType | Refusal {
  const cure = `write z.enum(['a', 'b']) with texts`
  if (def.type === 'literal') {
    const texts = def.values!.filter((value) => typeof value === 'string')
    return texts.length === def.values!.length
      ? { kind: 'enum', values: texts }
      : refuse('z.literal() of something else than texts', 'has no type of its own', cure)
  }
  const entries = def.entries!
  const values = Object.values(entries)
  if (values.some((value) => typeof value !== 'string')) return refuse('z.enum() with numbers', 'is ambiguous', cure)
  return { kind: 'enum', values: [...new Set(values as string[])] }
}

function uncheckable(def: Definition): Refusal | null {
  const check = def.checks?.[0]
  return check === undefined ? null : refusedCheck(check._zod.def)
}

function refusedCheck(check: CheckDefinition): Refusal {
  if (check.check === 'overwrite') {
    const cure = 'clean the value before it is sent, and check its form with .regex() or .lowercase()'
    return refuse('.trim(), .toLowerCase() or another overwrite', 'changes values on its way', cure)
  }
  const cure =
    'use checks that are data: .min(), .max(), .length(), .regex(), .gt(), .lt(), .multipleOf() and the formats'
  return check.check === 'custom'
    ? refuse('.refine() or another check by a function', 'is code', cure)
    : refuse(`the check '${check.check}'`, 'is not on the list', cure)
}

function refuse(refused: string, why: string, cure: string): Refusal {
  return { refused, why, cure }
}
