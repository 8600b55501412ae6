import { isUtf8 } from 'node:buffer'
import { formatIsoTime } from '../../features/iso-time.ts'
import type { SourceColumn } from '../../features/model.ts'
import { textReader } from '../../features/text-event.ts'
import type { ColumnKind } from '../../timeline/column-type.ts'
import type { ParquetField } from './parquet-field.ts'

/** The JSON text of a value. */
export type Cell = string | CellFault

/** A value that JSON would have to change. */
export class CellFault {
  /** A sentence that begins with the column's name. */
  readonly reason: string
  /** The value for people, as JSON. */
  readonly shown: string
  constructor(reason: string, shown: string) {
    this.reason = reason
    this.shown = shown
  }
}

export type CellReader = (value: unknown) => Cell

/** A column of the file that cannot be one of the source. */
export interface Unfit {
  /** What it holds, and why that does not do. */
  readonly why: string
  readonly cure: string
}

const DAY_MS = 86_400_000

/** The farthest instant that a Date can name. */
const DATE_MS_MAX = 8.64e15

type Wanted = ColumnKind | 'epoch'

/**
 * What makes of the stored values of a column of the file the JSON that an event has there; the parser judges that, as on every
 * road. A text is read as a cell of CSV is. Nothing is rounded, and nothing goes through a double that was none.
 */
export function cellReader(field: ParquetField, column: SourceColumn, assumeUtc: boolean): CellReader | Unfit {
  const wanted: Wanted = column.epoch === true ? 'epoch' : column.type.kind
  switch (field.kind) {
    case 'text':
      return textCell(column)
    case 'null':
      return () => 'null'
    case 'int':
      return intCell(field.read, column.name, wanted)
    case 'decimal':
      return decimalCell(field.unscaled, field.scale, column.name, wanted)
    case 'double':
    case 'float':
      return floatCell(field.kind, column.name, wanted)
    case 'bool':
      return wanted === 'bool' ? (value) => (value === true ? 'true' : 'false') : unfit('booleans', wanted)
    case 'uuid':
      return wanted === 'string' ? uuidCell : unfit('UUIDs', wanted)
    case 'timestamp':
      return timestampCell(field.utc === true || assumeUtc, field.utc === null, field.ms, column.name, wanted)
    case 'date':
      return dateCell(assumeUtc, column.name, wanted)
    case 'other':
      return unfit(field.what, wanted)
  }
}

const WANTED: Readonly<Record<Wanted, string>> = {
  string: 'texts',
  int: 'whole numbers',
  money: 'amounts',
  double: 'numbers',
  bool: 'booleans',
  enum: 'texts of a list',
  time: 'instants',
  epoch: 'epoch milliseconds',
}

const CURE: Readonly<Record<Wanted, string>> = {
  string: 'write it as STRING',
  int: 'write it as INT64',
  money: 'write it as DECIMAL, as INT64 of whole units, or as STRING',
  double: 'write it as DOUBLE',
  bool: 'write it as BOOLEAN',
  enum: 'write it as STRING',
  time: 'write it as TIMESTAMP, adjusted to UTC',
  epoch: 'write it as TIMESTAMP, adjusted to UTC, or as INT64',
}

function unfit(what: string, wanted: Wanted): Unfit {
  return { why: `holds ${what}, and ${WANTED[wanted]} are wanted`, cure: CURE[wanted] }
}

export function isUnfit(reader: CellReader | Unfit): reader is Unfit {
  return typeof reader !== 'function'
}

function textCell({ name, type, epoch }: SourceColumn): CellReader {
  const read = textReader(type, epoch === true)
  return (value) => {
    const bytes = value as Uint8Array
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const text = buffer.toString('utf8')
    // What is no UTF-8 has this sign in its place, which may also have been there.
    if (text.includes('\ufffd') && !isUtf8(buffer)) {
      return new CellFault(`${name}: its bytes are not UTF-8`, JSON.stringify(text))
    }
    return JSON.stringify(read(text))
  }
}

function intCell(read: (value: unknown) => bigint | number, name: string, wanted: Wanted): CellReader | Unfit {
  switch (wanted) {
    case 'string':
    case 'enum':
    case 'money':
      return (value) => `"${read(value)}"`
    case 'bool':
      return (value) => {
        const bit = Number(read(value))
        return bit === 1 ? 'true' : bit === 0 ? 'false' : String(read(value))
      }
    case 'time':
      return {
        why: 'holds integers, which do not say their unit, and instants are wanted',
        cure: `${CURE.time}, or give the column as z.int() in the schema, which is epoch milliseconds`,
      }
    case 'double':
      return (value) => {
        const number = read(value)
        return BigInt(Number(number)) === BigInt(number) ? String(number) : rounded(String(number), name)
      }
    default:
      return (value) => wholeText(String(read(value)), name)
  }
}

function decimalCell(
  unscaled: (value: unknown) => bigint,
  scale: number,
  name: string,
  wanted: Wanted,
): CellReader | Unfit {
  switch (wanted) {
    case 'string':
      return (value) => `"${decimalText(unscaled(value), scale)}"`
    case 'money':
      return (value) => `"${shortest(decimalText(unscaled(value), scale))}"`
    // The double nearest to the decimal, as the text of it in CSV or JSON gives.
    case 'double':
      return (value) => shortest(decimalText(unscaled(value), scale))
    case 'int':
    case 'epoch':
      return (value) => wholeText(shortest(decimalText(unscaled(value), scale)), name)
    default:
      return unfit('decimals', wanted)
  }
}

function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale))
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Without zeros at the end of its decimals: every value of a DECIMAL has as many. */
function shortest(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal
}

/** What is no whole number stays a text, which the parser refuses: as a number it could become one by rounding. */
function wholeText(text: string, name: string): Cell {
  if (text.includes('.')) return `"${text}"`
  return Number.isSafeInteger(Number(text)) ? text : rounded(text, name)
}

function rounded(text: string, name: string): CellFault {
  return new CellFault(`${name}: ${text} is beyond ±${Number.MAX_SAFE_INTEGER}, and would be rounded`, `"${text}"`)
}

function floatCell(kind: 'double' | 'float', name: string, wanted: Wanted): CellReader | Unfit {
  if (kind === 'float' && wanted === 'money') {
    return { why: 'holds FLOAT values, which keep no cents, and amounts are wanted', cure: CURE.money }
  }
  if (!['double', 'int', 'epoch', 'money'].includes(wanted)) return unfit(`${kind.toUpperCase()} values`, wanted)
  return (value) =>
    Number.isFinite(value)
      ? JSON.stringify(value)
      : new CellFault(`${name}: ${value} is no number that an event can hold`, `"${value}"`)
}

function uuidCell(value: unknown): Cell {
  const bytes = value as Uint8Array
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
  return `"${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}"`
}

function timestampCell(
  utc: boolean,
  unsaid: boolean,
  ms: (value: unknown) => number,
  name: string,
  wanted: Wanted,
): CellReader | Unfit {
  if (wanted !== 'time' && wanted !== 'epoch') return unfit('timestamps', wanted)
  if (!utc) {
    return {
      why: unsaid
        ? 'holds INT96 timestamps, which do not say their zone'
        : 'holds local timestamps, which name no instant',
      cure: 'where they are in UTC, say so with --assume-utc; else write it adjusted to UTC',
    }
  }
  return (value) => instantText(ms(value), name, wanted)
}

function instantText(ms: number, name: string, wanted: 'time' | 'epoch'): Cell {
  if (wanted === 'epoch') return String(ms)
  if (Math.abs(ms) <= DATE_MS_MAX) return `"${formatIsoTime(ms)}"`
  return new CellFault(`${name}: ${ms} ms since 1970 is no time: its unit is wrong`, String(ms))
}

function dateCell(assumeUtc: boolean, name: string, wanted: Wanted): CellReader | Unfit {
  switch (wanted) {
    case 'string':
      return (value) => {
        const day = instantText((value as number) * DAY_MS, name, 'time')
        return typeof day === 'string' ? `${day.slice(0, day.indexOf('T'))}"` : day
      }
    case 'time':
    case 'epoch':
      if (assumeUtc) return (value) => instantText((value as number) * DAY_MS, name, wanted)
      return {
        why: 'holds days, which name no instant',
        cure: 'where midnight in UTC is meant, say so with --assume-utc; else write it as TIMESTAMP',
      }
    default:
      return unfit('days', wanted)
  }
}
