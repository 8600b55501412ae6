import type { SchemaElement } from 'hyparquet'

/** What the values of a column of a Parquet file mean. */
export type ParquetField =
  | { readonly kind: 'int'; readonly read: (value: unknown) => bigint | number }
  | { readonly kind: 'decimal'; readonly scale: number; readonly unscaled: (value: unknown) => bigint }
  | { readonly kind: 'double' }
  | { readonly kind: 'float' }
  | { readonly kind: 'bool' }
  /** `utc`: null where the file does not say (INT96). `ms`: epoch milliseconds, floored. */
  | { readonly kind: 'timestamp'; readonly utc: boolean | null; readonly ms: (value: unknown) => number }
  | { readonly kind: 'date' }
  | { readonly kind: 'text' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'null' }
  /** Nothing that a column of a source could hold. */
  | { readonly kind: 'other'; readonly what: string }

type Timestamp = Extract<ParquetField, { kind: 'timestamp' }>

/** Julian day of 1970-01-01, from which INT96 counts. */
const JULIAN_EPOCH = 2_440_588n
const DAY_MS = 86_400_000n
const MS_NS = 1_000_000n

/** What a column holds, by its newer annotation, else its older one, else its storage. */
export function fieldOf(element: SchemaElement): ParquetField {
  const { type, logical_type: logical, converted_type: converted } = element
  switch (logical?.type) {
    case 'NULL':
      return { kind: 'null' }
    case 'UUID':
      return { kind: 'uuid' }
    case 'DATE':
      return { kind: 'date' }
    case 'DECIMAL':
      return decimal(logical.scale)
    case 'TIMESTAMP':
      return timestamp(logical.isAdjustedToUTC, logical.unit)
    case 'INTEGER':
      return int(logical.isSigned ? null : logical.bitWidth)
    case 'STRING':
    case 'ENUM':
    case 'JSON':
      return { kind: 'text' }
    case undefined:
      break
    default:
      return { kind: 'other', what: `${logical!.type} values` }
  }
  switch (converted) {
    case 'DECIMAL':
      return decimal(element.scale ?? 0)
    case 'DATE':
      return { kind: 'date' }
    case 'TIMESTAMP_MILLIS':
      return timestamp(true, 'MILLIS')
    case 'TIMESTAMP_MICROS':
      return timestamp(true, 'MICROS')
    case 'UINT_8':
    case 'UINT_16':
    case 'UINT_32':
    case 'UINT_64':
      return int(Number(converted.slice('UINT_'.length)))
    case 'UTF8':
    case 'ENUM':
    case 'JSON':
      return { kind: 'text' }
    case undefined:
    case 'INT_8':
    case 'INT_16':
    case 'INT_32':
    case 'INT_64':
      return stored(type)
    default:
      return { kind: 'other', what: `${converted} values` }
  }
}

function stored(type: SchemaElement['type']): ParquetField {
  switch (type) {
    case 'BOOLEAN':
      return { kind: 'bool' }
    case 'INT32':
    case 'INT64':
      return int(null)
    case 'INT96':
      return { kind: 'timestamp', utc: null, ms: int96Ms }
    case 'FLOAT':
      return { kind: 'float' }
    case 'DOUBLE':
      return { kind: 'double' }
    // Old writers gave texts no annotation. What is no UTF-8 is refused row by row.
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'text' }
    default:
      return { kind: 'other', what: 'values of no known type' }
  }
}

/** `unsignedBits`: null where it has a sign. */
function int(unsignedBits: number | null): ParquetField {
  const read = (value: unknown): bigint | number => {
    if (unsignedBits === null) return value as bigint | number
    return typeof value === 'bigint' ? BigInt.asUintN(64, value) : (value as number) >>> 0
  }
  return { kind: 'int', read }
}

function decimal(scale: number): ParquetField {
  const unscaled = (value: unknown): bigint =>
    value instanceof Uint8Array ? bigEndian(value) : BigInt(value as bigint | number)
  return { kind: 'decimal', scale, unscaled }
}

function bigEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`))
}

function timestamp(utc: boolean, unit: string): Timestamp {
  const per_ms = unit === 'MILLIS' ? 1n : unit === 'MICROS' ? 1_000n : MS_NS
  return { kind: 'timestamp', utc, ms: (value) => floored(BigInt(value as bigint | number), per_ms) }
}

/** Nanoseconds of the day in the lower 64 bits, above them the Julian day. */
function int96Ms(value: unknown): number {
  const bits = value as bigint
  return Number(((bits >> 64n) - JULIAN_EPOCH) * DAY_MS) + floored(BigInt.asUintN(64, bits), MS_NS)
}

/** Division that floors, where that of BigInt goes to zero. */
function floored(value: bigint, divisor: bigint): number {
  const quotient = value / divisor
  return Number(value < 0n && quotient * divisor !== value ? quotient - 1n : quotient)
}
