import { execFileSync } from 'node:child_process'
import { openEmbeddedEventLog } from '../../src/stores/log/embedded.ts'
import { openEmbeddedOnlineStore } from '../../src/stores/online/embedded.ts'
import { EMBEDDED_LIMITS } from '../../src/stores/online/embedded-layout.ts'
import { KEYS, stepMessages, stepRows } from './durability-steps.ts'

// The process that is killed: it writes without end, and prints a line for all that was acknowledged.

/** Small enough that folds, pages and journal parts are passed all the time. */
const LIMITS = { ...EMBEDDED_LIMITS, tail_bytes: 200, page_bytes: 128, recent_bytes: 20_000, fold_keys: 5 }

async function writeOnline(folder: string): Promise<void> {
  const store = await openEmbeddedOnlineStore(folder, LIMITS)
  const first = (await store.marks('g'))[0]?.offset ?? 0
  for (let step = first; ; step++) {
    const appends = stepRows(step).map((append) => ({ ...append, expires_at_ms: null }))
    const move = { group: 'g', topic: 't', partition: 0, from: step === 0 ? null : step, offset: step + 1 }
    const marker = { key: `gone:${step}`, rows: Buffer.from('12345678'), expires_at_ms: null }
    await store.append([...appends, marker], [move])
    console.log(`appended ${step}`)
    if (step % 5 === 0) {
      // Rewrites all rows, in another order.
      const key = `k${step % KEYS}`
      const [seen] = await store.read([key])
      if (seen !== null && seen !== undefined) await store.swap(key, seen, reversed(seen))
    }
    if (step % 7 === 0) {
      await store.remove('gone:')
      console.log(`removed ${step}`)
    }
  }
}

function reversed(rows: Uint8Array): Buffer {
  const all: Uint8Array[] = []
  for (let at = 0; at < rows.length; at += 8) all.push(rows.subarray(at, at + 8))
  return Buffer.concat(all.reverse())
}

async function writeLog(folder: string): Promise<void> {
  const log = await openEmbeddedEventLog(folder, { now: Date.now })
  await log.ensureTopic('t', 3)
  for (let step = (await log.committed('g', 't')).get(0) ?? 0; ; step++) {
    await log.append('t', stepMessages(step))
    console.log(`appended ${step}`)
    await log.commit('g', 't', new Map([[0, step + 1]]))
    console.log(`committed ${step}`)
  }
}

/** Writes more and more until the file may not grow, then lets it grow again and goes on for a while. */
async function fillOnline(folder: string): Promise<void> {
  const store = await openEmbeddedOnlineStore(folder, { ...EMBEDDED_LIMITS, recent_bytes: 3_000_000 })
  const rows = Buffer.alloc(100_000, 'x')
  let stop = Infinity
  for (let step = 0; step < stop; ) {
    const move = { group: 'g', topic: 't', partition: 0, from: step === 0 ? null : step, offset: step + 1 }
    try {
      await store.append([{ key: `k${step}`, rows, expires_at_ms: null }], [move])
      console.log(`appended ${step}`)
      step++
    } catch (error) {
      const { code } = error as { code?: string }
      const before = (await store.read([`k${step - 1}`]))[0]?.length
      console.log(`failed ${code} ${before}`)
      if (stop < Infinity) break
      stop = step + 50
      execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:'])
    }
  }
  await store.close()
}

const [kind, folder] = process.argv.slice(2)
if (kind === 'online') await writeOnline(folder!)
if (kind === 'log') await writeLog(folder!)
if (kind === 'full') await fillOnline(folder!)
