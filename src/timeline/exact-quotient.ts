/** The least power of two of a double: every double is a whole multiple of 2^-1074. */
export const LEAST_EXPONENT = -1074

const TWO_53 = 1n << 53n

/** A positive number as `mantissa * 2^exponent`: the mantissa a whole number of at most 2^53. */
interface Rounded {
  readonly mantissa: number
  readonly exponent: number
}

/**
 * `top / bottom`, correctly rounded to a double (half to even), for a positive `bottom`. Beyond the largest double it is that one, as
 * Infinity is no number to serve; never -0.
 */
export function nearestQuotient(top: bigint, bottom: bigint): number {
  if (top === 0n) return 0
  if (top < 0n) return 0 - nearestQuotient(-top, bottom)
  const { mantissa, exponent } = rounded(top, bottom, LEAST_EXPONENT)
  return Math.min(mantissa * 2 ** exponent, Number.MAX_VALUE)
}

/** `√(top / bottom)` for a quotient that is not negative and may be past all doubles, as its root need not be: two roundings of 53 bits. */
export function rootOfQuotient(top: bigint, bottom: bigint): number {
  if (top === 0n) return 0
  const { mantissa, exponent } = rounded(top, bottom, Number.NEGATIVE_INFINITY)
  const odd = exponent % 2 !== 0
  const half = (odd ? exponent - 1 : exponent) / 2
  const root = Math.sqrt(odd ? mantissa * 2 : mantissa)
  // In two steps: the power alone may be no double where the product is one.
  const step = half >> 1
  return Math.min(root * 2 ** step * 2 ** (half - step), Number.MAX_VALUE)
}

/** `top / bottom`, both positive, rounded half to even to 53 bits, none of them below `2^least`. */
function rounded(top: bigint, bottom: bigint, least: number): Rounded {
  // The quotient has one bit more or less than this says: 53 or 54 bits are left above the exponent, or fewer above `least`.
  let exponent = Math.max(bitLength(top) - bitLength(bottom) - 53, least)
  let [quotient, rest, divisor] = shifted(top, bottom, exponent)
  if (quotient >= TWO_53) [quotient, rest, divisor] = shifted(top, bottom, ++exponent)
  const twice = rest * 2n
  if (twice > divisor || (twice === divisor && (quotient & 1n) === 1n)) quotient++
  return { mantissa: Number(quotient), exponent }
}

function shifted(top: bigint, bottom: bigint, exponent: number): [quotient: bigint, rest: bigint, divisor: bigint] {
  const dividend = exponent < 0 ? top << BigInt(-exponent) : top
  const divisor = exponent > 0 ? bottom << BigInt(exponent) : bottom
  return [dividend / divisor, dividend % divisor, divisor]
}

/** Bits of a positive integer. */
function bitLength(value: bigint): number {
  const digits = value.toString(16)
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits[0]!, 16)) - 28)
}
