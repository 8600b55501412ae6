/** Redis Cluster cuts the space of keys into so many slots. */
export const SLOTS = 16_384

/** CRC-16/XMODEM, by the byte: what Redis Cluster hashes keys with. */
const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc
})

/** The slot of a key: of what is between its first `{` and the next `}` where that is not empty, else of all of it. */
export function hashSlot(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const [start, end] = close > open + 1 ? [open + 1, close] : [0, key.length]
  let crc = 0
  for (let i = start; i < end; i++) {
    const unit = key.charCodeAt(i)
    if (unit > 127) return slotOfBytes(Buffer.from(key.slice(start, end)))
    crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >> 8) ^ unit]!
  }
  return crc & (SLOTS - 1)
}

function slotOfBytes(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >> 8) ^ byte]!
  return crc & (SLOTS - 1)
}

let tags: string[] | null = null

/** A short text that hashes to a slot: what makes a key stand where one wants it. */
export function tagOfSlot(slot: number): string {
  if (tags === null) {
    const found: string[] = []
    for (let number = 0, missing = SLOTS; missing > 0; number++) {
      const tag = number.toString(36)
      const at = hashSlot(tag)
      if (found[at] !== undefined) continue
      found[at] = tag
      missing--
    }
    tags = found
  }
  return tags[slot]!
}
