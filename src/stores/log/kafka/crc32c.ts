/** Tables for eight bytes at once: `TABLES[n]` is the step of a byte that has `n` more to come. */
const TABLES: readonly Int32Array[] = makeTables()

/** CRC-32C (Castagnoli, RFC 3720) of a part of a buffer. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as unknown as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ]
  let crc = -1
  let at = from
  for (const last = to - 8; at <= last; at += 8) {
    crc =
      t7[(crc ^ bytes[at]!) & 255]! ^
      t6[((crc >>> 8) ^ bytes[at + 1]!) & 255]! ^
      t5[((crc >>> 16) ^ bytes[at + 2]!) & 255]! ^
      t4[(crc >>> 24) ^ bytes[at + 3]!]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
  }
  for (; at < to; at++) crc = t0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

function makeTables(): Int32Array[] {
  const first = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    first[byte] = crc
  }
  const tables = [first]
  for (let n = 1; n < 8; n++) tables.push(tables[n - 1]!.map((crc) => first[crc & 255]! ^ (crc >>> 8)))
  return tables
}
