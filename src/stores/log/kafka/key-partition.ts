/**
 * The partition of a key as Kafka's Java client chooses it (murmur2 of its UTF-8, seed 0x9747b28c), so that events sent to us and
 * events sent straight to Kafka keep their order by key.
 */
export function keyPartition(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}

const M = 0x5bd1e995

function murmur2(bytes: Buffer): number {
  const { length } = bytes
  let hash = 0x9747b28c ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), M)
    word ^= word >>> 24
    hash = Math.imul(hash, M) ^ Math.imul(word, M)
  }
  const rest = length - at
  if (rest > 2) hash ^= bytes[at + 2]! << 16
  if (rest > 1) hash ^= bytes[at + 1]! << 8
  if (rest > 0) hash = Math.imul(hash ^ bytes[at]!, M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}
