import { CODEC, FLAG_TOMBSTONE, FLAG_VERSION, HEADER_BYTES, RowError, rowLayout, slotBytes } from './row-codec.ts'
import type { RowSchema, RowSchemas } from './row-schema.ts'

/** A column that stays, in the row before and after. */
interface KeptColumn {
  readonly bitBefore: number
  readonly slotBefore: number
  readonly slotAfter: number
  readonly bytes: number
  readonly isText: boolean
}

interface Narrowing {
  readonly schema: number
  /** Bytes of null flags and slots. */
  readonly fixedBytes: number
  /** In the order of their bits after. */
  readonly kept: readonly KeptColumn[]
}

/** Rewrites rows without some of their columns. */
export class RowNarrower {
  readonly #narrowings = new Map<number, Narrowing>()

  /** `narrower`: by number of a schema, the one whose rows are written in place of its. */
  constructor(schemas: RowSchemas, narrower: ReadonlyMap<number, RowSchema>) {
    for (const schema of schemas.schemas) {
      const to = narrower.get(schema.number)
      if (to !== undefined) this.#narrowings.set(schema.number, narrowingOf(schemas, schema, to))
    }
  }

  /**
   * The same rows, in their order; the same bytes where none is to be narrowed. Tombstones hold no columns and stay as they are. Throws a
   * RowError for bytes that are not rows.
   */
  narrow(rows: Uint8Array): Uint8Array {
    const from = Buffer.from(rows.buffer, rows.byteOffset, rows.length)
    const to = Buffer.alloc(rows.length)
    let end = 0
    let changed = false
    for (let at = 0; at < from.length; ) {
      const length = at + HEADER_BYTES <= from.length ? from.readUInt16LE(at) : 0
      if (length < HEADER_BYTES || at + length > from.length || from[at + 2] !== CODEC) {
        throw new RowError(
          'ROW_CORRUPT',
          `the bytes at ${at} of ${from.length} are not a row that this version can read`,
        )
      }
      const flags = from[at + 3]!
      const narrowing = (flags & FLAG_TOMBSTONE) === 0 ? this.#narrowings.get(from.readUInt16LE(at + 4)) : undefined
      if (narrowing === undefined) {
        from.copy(to, end, at, at + length)
        end += length
      } else {
        changed = true
        end = narrowRow(from, at, to, end, narrowing)
      }
      at += length
    }
    return changed ? new Uint8Array(to.subarray(0, end)) : rows
  }
}

/** Writes one row; answers where it ends. */
function narrowRow(
  from: Buffer,
  at: number,
  to: Buffer,
  start: number,
  { schema, fixedBytes, kept }: Narrowing,
): number {
  const header = HEADER_BYTES + ((from[at + 3]! & FLAG_VERSION) === 0 ? 0 : 8)
  from.copy(to, start, at, at + header)
  const before = at + header
  const after = start + header
  let tail = after + fixedBytes
  to.fill(0, after, tail)
  for (let bit = 0; bit < kept.length; bit++) {
    const { bitBefore, slotBefore, slotAfter, bytes, isText } = kept[bit]!
    if ((from[before + (bitBefore >> 3)]! & (1 << (bitBefore & 7))) !== 0) {
      to[after + (bit >> 3)]! |= 1 << (bit & 7)
    } else if (isText) {
      const text = at + from.readUInt16LE(before + slotBefore)
      const length = from.readUInt16LE(before + slotBefore + 2)
      to.writeUInt16LE(tail - start, after + slotAfter)
      to.writeUInt16LE(length, after + slotAfter + 2)
      tail += from.copy(to, tail, text, text + length)
    } else {
      from.copy(to, after + slotAfter, before + slotBefore, before + slotBefore + bytes)
    }
  }
  to.writeUInt16LE(tail - start, start)
  to.writeUInt16LE(schema, start + 4)
  return tail
}

function narrowingOf(schemas: RowSchemas, from: RowSchema, to: RowSchema): Narrowing {
  const before = rowLayout(from, schemas)
  const after = rowLayout(to, schemas)
  const kept = to.columns.map((column) => {
    const { type } = schemas.columns[column]!
    return {
      bitBefore: before.bit[column]!,
      slotBefore: before.slot[column]!,
      slotAfter: after.slot[column]!,
      bytes: slotBytes(type),
      isText: type.kind === 'string',
    }
  })
  return { schema: to.number, fixedBytes: after.fixedBytes, kept }
}
