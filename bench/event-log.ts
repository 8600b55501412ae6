import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedEventLog } from '../src/stores/log/embedded.ts'

const BATCH_MESSAGES = 5_000
const MESSAGE_BYTES = 200
const BATCHES = 100
const POSTS = 2_000
const POSTS_AT_ONCE = 50

/** Measures the embedded log: large appends, reading back, and many small appends at the same time. */
export async function eventLogBench(report: (name: string, value: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const log = await openEmbeddedEventLog(folder, { now: Date.now })
  try {
    await log.ensureTopic('t', 4)
    const value = Buffer.alloc(MESSAGE_BYTES, 'x')
    const batch = Array.from({ length: BATCH_MESSAGES }, (_, i) => ({ key: `card-${i}`, value }))
    await log.append('t', batch)
    let start = performance.now()
    for (let i = 0; i < BATCHES; i++) await log.append('t', batch)
    let took_ms = performance.now() - start
    const rate = Math.round((BATCHES * BATCH_MESSAGES) / took_ms)
    report(`event log: append, ${BATCH_MESSAGES} messages of ${MESSAGE_BYTES} bytes a call`, `${rate} k messages/s`)

    start = performance.now()
    let read = 0
    for (const { partition, end } of await log.ranges('t')) {
      for (let offset = 0; offset < end; ) {
        const { values, nextOffset } = await log.read('t', partition, offset, BATCH_MESSAGES)
        read += values.length
        offset = nextOffset
      }
    }
    took_ms = performance.now() - start
    report(`event log: read, ${BATCH_MESSAGES} messages a call`, `${Math.round(read / took_ms)} k messages/s`)

    start = performance.now()
    let posted = 0
    const client = async () => {
      while (posted < POSTS) await log.append('t', [batch[posted++ % BATCH_MESSAGES]!])
    }
    await Promise.all(Array.from({ length: POSTS_AT_ONCE }, client))
    took_ms = performance.now() - start
    report(
      `event log: append of 1 message, ${POSTS_AT_ONCE} calls at a time`,
      `${((posted / took_ms) * 1_000).toFixed(0)} calls/s, ${((took_ms / posted) * POSTS_AT_ONCE).toFixed(1)} ms each`,
    )
  } finally {
    await log.close()
    await rm(folder, { recursive: true })
  }
}
