import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs a task when no other process runs one of the same name: two that start one server at once would both believe that it is
 * theirs. The name is a socket of Linux without a file, which vanishes with the process that holds it, however that ends.
 */
export async function inTurn<T>(name: string, task: () => Promise<T>): Promise<T> {
  const path = `\0millrace-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  for (;;) {
    const held = createServer()
    try {
      held.listen(path)
      await once(held, 'listening')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      await sleep(50)
      continue
    }
    try {
      return await task()
    } finally {
      held.close()
    }
  }
}
