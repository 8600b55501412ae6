import { expect, it } from 'vitest'
import { openEmbeddedEventLog } from '../../src/stores/log/embedded.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { PACKED_BYTES } from '../../src/stores/log/packed-messages.ts'
import { eventLogContract } from './event-log.contract.ts'
import { readAll, T0 } from './log-messages.ts'
import { temporaryFolder } from './temporary-folder.ts'

eventLogContract('MemoryEventLog', async () => {
  let now_ms = T0
  const log = new MemoryEventLog({ now: () => now_ms })
  return {
    log,
    setClock(ms) {
      now_ms = ms
    },
    dispose: () => log.close(),
  }
})

eventLogContract('EmbeddedEventLog', async () => {
  const folder = await temporaryFolder()
  let now_ms = T0
  const open = () => openEmbeddedEventLog(folder.path, { now: () => now_ms })
  let log = await open()
  return {
    log,
    setClock(ms) {
      now_ms = ms
    },
    async reopen() {
      await log.close()
      log = await open()
      return log
    },
    async dispose() {
      await log.close()
      await folder.remove()
    },
  }
})

it('splits one large append into several values, which are trimmed one by one', async () => {
  const folder = await temporaryFolder()
  const log = await openEmbeddedEventLog(folder.path, { now: () => T0 })
  await log.ensureTopic('t', 1)
  const value = Buffer.alloc(PACKED_BYTES / 8, 'x')
  await log.append(
    't',
    Array.from({ length: 100 }, () => ({ key: 'k', value })),
  )
  const dropped = await log.trim('t', 0, 50, T0 + 1)
  expect(dropped).toBe(48)
  expect((await readAll(log, 't', 0, dropped, 7)).texts).toHaveLength(52)
  await log.close()
  await folder.remove()
})

it('refuses a folder that is in use', async () => {
  const folder = await temporaryFolder()
  const log = await openEmbeddedEventLog(folder.path, { now: () => T0 })
  await expect(openEmbeddedEventLog(folder.path, { now: () => T0 })).rejects.toMatchObject({ code: 'STORE_IN_USE' })
  await log.ensureTopic('t', 1)
  await log.close()
  await folder.remove()
})
