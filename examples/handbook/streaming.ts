import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DevServer } from './dev-server.ts'
import type { Kill } from './kill-plan.ts'
import { MillraceProcess } from './millrace-process.ts'

export interface StreamOptions {
  readonly dev: DevServer
  /** The command line that reads the file into the log. */
  readonly ingest: readonly string[]
  /** Of the file, unpacked. */
  readonly bytes: number
  /** The folder of the embedded log. */
  readonly log: string
  readonly kills: readonly Kill[]
  readonly tell: (text: string) => void
}

/** A kill as it happened. */
export interface Killed {
  readonly victim: Kill['victim']
  /** About how much of the stream was in the log by then, 0 to 1; more where lines were sent again. */
  readonly share: number
}

/** How often the log is looked at, to kill in time. */
const POLL_MS = 5

/**
 * Reads a file into the log through a running server, killing either at the planned moments and starting it again. Resolves to
 * the kills when every line was acknowledged.
 */
export async function stream({ dev, ingest, bytes, log, kills, tell }: StreamOptions): Promise<Killed[]> {
  const killed: Killed[] = []
  let reader = new MillraceProcess(ingest)
  for (const kill of kills) {
    // How far it is the server itself could not say as fast as it goes on.
    while (reader.exit === null && bytesIn(log) < kill.share * bytes) await sleep(POLL_MS)
    await sleep(kill.later_ms)
    const { victim } = kill
    const share = bytesIn(log) / bytes
    await kill9(kill, dev, reader)
    killed.push({ victim, share })
    tell(`kill -9 of ${victim}, with ${Math.round(100 * share)} % of the stream in the log`)
    reader = new MillraceProcess(ingest)
  }
  await reader.succeed()
  return killed
}

/** Kills, and starts the server again. */
async function kill9({ victim, start_ms }: Kill, dev: DevServer, reader: MillraceProcess): Promise<void> {
  if (victim === 'ingest') return reader.kill()
  await dev.kill()
  // It ends by itself, as it has nobody to send to; one that had not begun yet would hold the data folder now.
  await reader.exited
  dev.launch()
  if (victim === 'dev while it starts') {
    await sleep(start_ms)
    await dev.kill()
    dev.launch()
  }
  await dev.ready()
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
}
