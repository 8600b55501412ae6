import { setTimeout as sleep } from 'node:timers/promises'
import type { DevServer } from './dev-server.ts'
import type { Kill } from './kill-plan.ts'
import { MillraceProcess } from './millrace-process.ts'

export interface StreamingOptions {
  readonly dev: DevServer
  /** The command line that reads the file into the log. */
  readonly ingest: readonly string[]
  /** Lines of the file. */
  readonly lines: number
  readonly kills: readonly Kill[]
  readonly tell: (text: string) => void
}

/** How often the progress is looked at, to kill in time. */
const POLL_MS = 20

/** A kill as it happened. */
export interface Killed {
  readonly victim: Kill['victim']
  /** Lines that were in the log just before. */
  readonly logged: number
}

/**
 * Reads a file into the log through a running server, killing either at the planned moments and starting it again. Resolves
 * to the kills as they happened, when the whole file was acknowledged.
 */
export async function stream({ dev, ingest, lines, kills, tell }: StreamingOptions): Promise<Killed[]> {
  const killed: Killed[] = []
  let reader = new MillraceProcess(ingest)
  for (const { victim, share, later_ms } of kills) {
    const logged = await passed(dev, share * lines, reader)
    await sleep(later_ms)
    killed.push({ victim, logged })
    tell(`kill -9 of ${victim}, after ${logged} of ${lines} lines`)
    if (victim === 'ingest') {
      await reader.kill()
    } else {
      await dev.kill()
      // It ends by itself, as it has nobody to send to; one that had not begun yet would hold the data folder now.
      await reader.exited
      dev.launch()
      if (victim === 'dev while it starts') {
        await sleep(later_ms)
        await dev.kill()
        dev.launch()
      }
      await dev.ready()
    }
    reader = new MillraceProcess(ingest)
  }
  await reader.succeed()
  return killed
}

/** Waits until so many lines are in the log, or the reader has ended. Answers how many there are. */
async function passed(dev: DevServer, lines: number, reader: MillraceProcess): Promise<number> {
  for (;;) {
    const { logged } = await dev.progress()
    if (logged >= lines || reader.exit !== null) return logged
    await sleep(POLL_MS)
  }
}
