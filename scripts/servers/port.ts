import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that was killed closes its ports a little later. */
const PORT_MS = 3_000

/** Below those that the system gives out by itself: a connection may take one of these before its server is up. */
const FREE_MIN = 23_000
const FREE_MAX = 32_700

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

/**
 * Claims a port for as long as this process lives; answers false where another one has: until a server listens on it, whoever
 * chooses at the same time would find it free as well. The claim is a socket of Linux without a file, which vanishes with the process.
 */
export async function claimPort(port: number): Promise<boolean> {
  const claim = createServer()
  try {
    claim.listen(`\0millrace-port-${port}`)
    await once(claim, 'listening')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EADDRINUSE'
  }
  claim.unref()
  return true
}

/** Ports on which nothing listens, for servers that are about to start, claimed for this process. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = FREE_MIN + Math.floor(Math.random() * (FREE_MAX - FREE_MIN))
    if (!(await isTaken(port)) && (await claimPort(port))) ports.add(port)
  }
  return [...ports]
}
