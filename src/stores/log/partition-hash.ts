import xxhash from 'xxhash-wasm'

const { h32 } = await xxhash()

/** The partition of a key, by xxHash32 of its UTF-8 (seed 0). */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : h32(key) % partitions
}
