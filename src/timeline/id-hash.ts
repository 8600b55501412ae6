import xxhash from 'xxhash-wasm'

const { h64Raw, h64ToString } = await xxhash()
const encoder = new TextEncoder()
const scratch = new Uint8Array(64 * 1024)

/**
 * xxHash64 (seed 0) of the UTF-8 bytes of a text: the same number as ClickHouse's `xxHash64`.
 * Ids are kept in rows as this hash of their canonical text.
 */
export function hash64(text: string): bigint {
  if (text.length * 3 > scratch.length) return h64Raw(encoder.encode(text))
  const { written } = encoder.encodeInto(text, scratch)
  return h64Raw(scratch.subarray(0, written))
}

/** The same hash as 16 hexadecimal digits, for names. */
export function hash64Hex(text: string): string {
  return h64ToString(text)
}
