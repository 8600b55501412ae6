/** A sum of integers as it is served: a bigint only past 2^53. */
export function small(sum: bigint): number | bigint {
  return Number.isSafeInteger(Number(sum)) && BigInt(Number(sum)) === sum ? Number(sum) : sum
}

/** A finite double as an exact fraction. */
export function fraction(x: number): [bigint, bigint] {
  let top = x
  let bottom = 1n
  while (!Number.isInteger(top)) {
    top *= 2
    bottom *= 2n
    // Subnormal numbers reach integers too: doubling is exact below the largest double.
  }
  return [BigInt(top), bottom]
}

/** The exact sum of doubles, rounded once. */
export function roundedSum(numbers: readonly number[]): number {
  let top = 0n
  let bottom = 1n
  for (const x of numbers) {
    const [t, b] = fraction(x)
    const common = b > bottom ? b : bottom
    top = top * (common / bottom) + t * (common / b)
    bottom = common
  }
  return nearestDouble(top, bottom)
}

/**
 * The double nearest to an exact fraction, half to even; the largest one beyond all, never -0. Found by walking to it from a first
 * guess.
 */
export function nearestDouble(top: bigint, bottom: bigint): number {
  if (top === 0n) return 0
  if (top < 0n) return 0 - nearestDouble(-top, bottom)
  let low = 0
  let high = Number.MAX_VALUE
  const view = new DataView(new ArrayBuffer(8))
  const bits = (x: number) => {
    view.setFloat64(0, x)
    return view.getBigUint64(0)
  }
  const double = (b: bigint) => {
    view.setBigUint64(0, b)
    return view.getFloat64(0)
  }
  // Doubles of one sign are ordered as their bits are: halve the bits until two neighbours are left.
  while (bits(high) - bits(low) > 1n) {
    const middle = double((bits(low) + bits(high)) / 2n)
    const [t, b] = fraction(middle)
    if (t * bottom <= top * b) low = middle
    else high = middle
  }
  const [lt, lb] = fraction(low)
  const [ht, hb] = fraction(high)
  // Compare the distances top/bottom - low and high - top/bottom over a common denominator.
  const below = (top * lb - lt * bottom) * hb
  const above = (ht * bottom - top * hb) * lb
  if (below !== above) return below < above ? low : high
  return bits(low) % 2n === 0n ? low : high
}
