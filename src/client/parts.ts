/** Some items of a list, in order, that go in one request. */
export interface Part {
  /** Places in the list. */
  readonly indexes: readonly number[]
  /** As JSON. */
  readonly texts: readonly string[]
}

export interface PartLimits {
  /** Most items of a part. */
  readonly items: number
  /** Most bytes of its items, with a byte between each two. */
  readonly bytes: number
}

const encoder = new TextEncoder()

/** UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length
}

/** Cuts a list into as few parts as take it in order; null is left out. No item may be larger than a part. */
export function partsOf(texts: readonly (string | null)[], limits: PartLimits): Part[] {
  const parts: Part[] = []
  let part: { indexes: number[]; texts: string[] } | null = null
  let bytes = 0
  for (const [index, text] of texts.entries()) {
    if (text === null) continue
    const more = byteLength(text) + 1
    if (part === null || part.texts.length === limits.items || bytes + more > limits.bytes + 1) {
      part = { indexes: [], texts: [] }
      parts.push(part)
      bytes = 0
    }
    part.indexes.push(index)
    part.texts.push(text)
    bytes += more
  }
  return parts
}
