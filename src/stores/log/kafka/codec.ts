import * as zlib from 'node:zlib'

/** Restores the records of a batch. */
export type Decompress = (bytes: Buffer) => Uint8Array

/** By the number in a batch's attributes. */
const NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** Snappy as Kafka's Java client writes it: this, two version numbers, then blocks with their lengths. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER = 16

/** Loaded when first met: most topics use one codec. */
const LOADERS: Readonly<Record<(typeof NAMES)[number], () => Promise<Decompress>>> = {
  none: async () => (bytes) => bytes,
  gzip: async () => (bytes) => zlib.gunzipSync(bytes),
  snappy: async () => {
    const { uncompressSync } = await import('snappy')
    const block: Decompress = (bytes) => uncompressSync(bytes, { asBuffer: true }) as Buffer
    return (bytes) =>
      bytes.subarray(0, 8).equals(XERIAL_MAGIC) ? Buffer.concat(xerialBlocks(bytes).map(block)) : block(bytes)
  },
  lz4: async () => (await import('lz4-napi')).decompressFrameSync,
  zstd: async () => {
    // From Node 22.15 on; in JavaScript before.
    const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync?: Decompress }
    return zstdDecompressSync ?? (await import('fzstd')).decompress
  },
}

const loaded = new Map<number, Promise<Decompress>>()

/** The codec of a batch, by the number in its attributes. */
export function codec(number: number): Promise<Decompress> {
  const name = NAMES[number]
  if (name === undefined) throw new Error(`its compression ${number} is not known: none of ${NAMES.join(', ')}`)
  const found = loaded.get(number) ?? LOADERS[name]()
  loaded.set(number, found)
  return found
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER; at < bytes.length; ) {
    const length = bytes.readInt32BE(at)
    blocks.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return blocks
}
