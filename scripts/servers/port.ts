import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that was killed closes its ports a little later. */
const PORT_MS = 3_000

/** Whether anything listens on a port of this machine. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Resolves once nothing listens on a port; throws where something goes on to. */
export async function untilFree(name: string, port: number): Promise<void> {
  for (const until = Date.now() + PORT_MS; await isTaken(port); await sleep(50)) {
    if (Date.now() > until) throw new Error(`${name} cannot start: something else listens on 127.0.0.1:${port}`)
  }
}
