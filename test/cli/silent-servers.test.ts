import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CARD_COUNT } from '../faults/processes/card-count.ts'
import { MillraceProcess } from '../faults/processes/millrace-process.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'

/** How long a process may take to end: less than what Docker gives it. */
const END_MS = 9_000

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let silent: Server

beforeAll(async () => {
  folder = await temporaryFolder()
  mkdirSync(join(folder.path, 'defs'))
  writeFileSync(join(folder.path, 'defs', 'definitions.ts'), CARD_COUNT)
  silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
})
afterAll(async () => {
  silent?.close()
  await folder?.remove()
})

describe('a process whose servers take connections and say nothing', () => {
  it.each([
    ['stream', 0],
    ['serve', 0],
    ['archive', 0],
    ['backfill --watch', 0],
    // Its work has an end, which it has not come to.
    ['backfill', 130],
  ])('ends soon when it is asked to: %s', async (line, code) => {
    const { port } = silent.address() as AddressInfo
    const process = new MillraceProcess(line, line.split(' '), () => ({
      MILLRACE_DEFS: join(folder.path, 'defs'),
      MILLRACE_REDIS_URL: `redis://127.0.0.1:${port}`,
      MILLRACE_KAFKA_BROKERS: `127.0.0.1:${port}`,
      MILLRACE_CLICKHOUSE_URL: `http://127.0.0.1:${port}`,
      MILLRACE_HTTP_PORT: '0',
    }))
    const asked = once(silent, 'connection')
    process.spawn()
    await asked
    const begun_ms = performance.now()
    expect(await process.stop(), process.end(5)).toBe(code)
    expect(performance.now() - begun_ms).toBeLessThan(END_MS)
  })
})
