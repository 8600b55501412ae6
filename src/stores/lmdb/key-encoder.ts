/** How the keys of a database become bytes, by which LMDB orders them, and back. */
export interface KeyEncoder<K> {
  /** Writes the key at `start` and answers where it ends. Throws a RangeError where it does not fit. */
  writeKey(key: K, target: Buffer, start: number): number
  readKey(source: Buffer, start: number, end: number): K
}

/** A UTF-16 unit is at most three bytes of UTF-8. */
const UNIT_BYTES_MAX = 3

/** A text as its UTF-8, so that the order and the prefixes of keys are those of their bytes. */
export const textKey: KeyEncoder<string> = {
  writeKey(key, target, start) {
    // Buffer.write cuts what does not fit, in silence.
    if (start + key.length * UNIT_BYTES_MAX > target.byteLength && start + Buffer.byteLength(key) > target.byteLength) {
      throw new RangeError('the key does not fit')
    }
    return start + target.write(key, start, 'utf8')
  },
  readKey: (source, start, end) => source.toString('utf8', start, end),
}

/** Whole numbers, each as eight bytes, the highest first: ordered as the numbers are. */
export const numbersKey: KeyEncoder<number[]> = {
  writeKey(key, target, start) {
    let at = start
    for (const number of key) {
      at = target.writeUInt32BE(Math.floor(number / 2 ** 32), at)
      at = target.writeUInt32BE(number >>> 0, at)
    }
    return at
  },
  readKey(source, start, end) {
    const key: number[] = []
    for (let at = start; at < end; at += 8) key.push(source.readUInt32BE(at) * 2 ** 32 + source.readUInt32BE(at + 4))
    return key
  },
}
