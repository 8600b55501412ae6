import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedOnlineStore } from '../src/stores/online/embedded.ts'
import { EMBEDDED_LIMITS } from '../src/stores/online/embedded-layout.ts'

const BATCH_ROWS = 5_000
const ROW_BYTES = 40

/** Batches by number of keys: enough that folds come round several times. */
const BATCHES = 200

const READS = 50_000

/** Measures the embedded online store: appends of small rows, and reads of three keys as a request makes them. */
export async function onlineStoreBench(report: (name: string, value: string) => void): Promise<void> {
  for (const keys of [1_000, 5_000, 100_000]) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    const store = await openEmbeddedOnlineStore(folder)
    try {
      const batches = Array.from({ length: 20 }, (_, number) => makeBatch(keys, number))
      await store.append(batches[0]!)
      const start = performance.now()
      for (let i = 0; i < BATCHES; i++) await store.append(batches[i % batches.length]!)
      const took_ms = performance.now() - start
      report(
        `online store: append, ${BATCH_ROWS} rows of ${ROW_BYTES} bytes over ${keys} keys a call`,
        `${Math.round((BATCHES * BATCH_ROWS) / took_ms)} k rows/s, ${(took_ms / BATCHES).toFixed(1)} ms a call`,
      )
    } finally {
      await store.close()
      await rm(folder, { recursive: true })
    }
  }
  for (const rows of [1, 12, 50, 1_000]) report(`online store: read of 3 keys of ${rows} rows`, await readTime(rows))
}

/** Time of one read after all rows have been folded, as they are in a store that has run for a while. */
async function readTime(rows: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const store = await openEmbeddedOnlineStore(folder, { ...EMBEDDED_LIMITS, recent_bytes: 1 })
  try {
    const keys = Array.from({ length: 3_000 }, (_, i) => keyOf(i))
    const bytes = Buffer.alloc(rows * ROW_BYTES, 7)
    for (let i = 0; i < keys.length; i += 300) {
      await store.append(keys.slice(i, i + 300).map((key) => ({ key, rows: bytes, expires_at_ms: null })))
    }
    for (let i = 0; i < 10; i++) await store.append([{ key: 'other', rows: bytes, expires_at_ms: null }])
    let took_ms = 0
    for (let round = 0; round < 2; round++) {
      const start = performance.now()
      for (let i = 0; i < READS; i++) {
        await store.read([keys[i % 1_000]!, keys[1_000 + (i % 1_000)]!, keys[2_000 + (i % 1_000)]!])
      }
      took_ms = performance.now() - start
    }
    return `${((took_ms / READS) * 1_000).toFixed(1)} us`
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
}

function makeBatch(keys: number, number: number) {
  const rows = Buffer.alloc(ROW_BYTES, 7)
  return Array.from({ length: BATCH_ROWS }, (_, i) => ({
    // A multiplicative hash, to spread the keys as cards are spread.
    key: keyOf(((number * BATCH_ROWS + i) * 2_654_435_761) % keys),
    rows,
    expires_at_ms: 2e12,
  }))
}

function keyOf(number: number): string {
  return `mr:0123456789abcdef:{11:card-${String(number).padStart(6, '0')}}`
}
