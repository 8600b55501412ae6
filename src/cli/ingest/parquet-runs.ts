/** Most bits of a number in runs: places in a dictionary. */
const WIDTH_MAX = 32

/** Bits that fit beside a byte in a number that bit operators take. */
const QUICK_WIDTH_MAX = 23

/**
 * Reads numbers of so many bits as Parquet packs them, in runs of one value and runs of packed ones, until `output` is full. Damaged
 * bytes give an Error or other numbers, never more than `output` takes.
 */
export function readRuns(bytes: Uint8Array, width: number, output: Uint8Array | Uint32Array): void {
  if (width > WIDTH_MAX) throw new Error(`its numbers should have ${width} bits`)
  let at = 0
  let filled = 0
  while (filled < output.length) {
    let head = 0
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 28) throw new Error(`it has ${filled} of ${output.length} numbers`)
      const byte = bytes[at++]!
      head += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    const left = output.length - filled
    if (head % 2 === 1) {
      const groups = (head - 1) / 2
      const count = Math.min(groups * 8, left)
      if (at + Math.ceil((count * width) / 8) > bytes.length) throw new Error('its packed numbers end early')
      unpack(bytes, at, width, output, filled, count)
      at += groups * width
      filled += count
    } else {
      const size = Math.ceil(width / 8)
      if (at + size > bytes.length) throw new Error('its numbers end early')
      let value = 0
      for (let i = 0; i < size; i++) value += bytes[at++]! * 2 ** (8 * i)
      const count = Math.min(head / 2, left)
      output.fill(value, filled, filled + count)
      filled += count
    }
  }
}

/** The lowest bits come first. */
function unpack(
  bytes: Uint8Array,
  from: number,
  width: number,
  output: Uint8Array | Uint32Array,
  first: number,
  count: number,
): void {
  let at = from
  let bits = 0
  let held = 0
  if (width > QUICK_WIDTH_MAX) {
    for (let i = first; i < first + count; i++) {
      for (; bits < width; bits += 8) held += bytes[at++]! * 2 ** bits
      output[i] = held % 2 ** width
      held = Math.floor(held / 2 ** width)
      bits -= width
    }
    return
  }
  const mask = (1 << width) - 1
  for (let i = first; i < first + count; i++) {
    for (; bits < width; bits += 8) held |= bytes[at++]! << bits
    output[i] = held & mask
    held >>>= width
    bits -= width
  }
}
