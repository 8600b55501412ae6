import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededRandom } from '../../stores/seeded-random.ts'
import type { Installation } from '../installation.ts'
import type { MillraceProcess } from '../processes/millrace-process.ts'

/** Past the session of 6 s that every process is given. */
const PAST_SESSION_MS = 9_000

/** Kills one of the processes at a random moment of its life, also while it starts, and starts it again. */
export async function killOne(processes: readonly MillraceProcess[], random: SeededRandom): Promise<void> {
  const process = random.pick(processes)
  await sleep(random.below(2_500))
  await process.kill()
  await sleep(random.below(600))
  process.spawn()
}

/** Resolves when all processes that were started answer. */
export async function untilReady(installation: Installation): Promise<void> {
  const { standing } = installation
  await installation.until('all processes are ready', () => {
    for (const process of standing) {
      if (!process.running) throw new Error(`${process.name} has ended by itself:\n${process.end(20)}`)
    }
    return standing.every(({ url }) => url !== null)
  })
}

/**
 * The same under a supervisor, which starts again what has ended by itself: a process may give up where it finds no server when it
 * starts.
 */
export async function untilSupervised(installation: Installation): Promise<void> {
  const { standing } = installation
  await installation.until('all processes are ready', () => {
    for (const process of standing) if (!process.running) process.spawn()
    return standing.every(({ url }) => url !== null)
  })
}

/** A worker that hangs until others have its partitions, and then goes on as if nothing had been. */
export async function hang(process: MillraceProcess): Promise<void> {
  process.signal('SIGSTOP')
  await sleep(PAST_SESSION_MS)
  process.signal('SIGCONT')
}

/** Starts backfills and kills each after a random while. */
export async function killBackfills(installation: Installation, count: number, random: SeededRandom): Promise<void> {
  const process = installation.process('backfill')
  for (let i = 0; i < count; i++) {
    process.spawn()
    // It takes about two seconds before it reads anything.
    await sleep(500 + random.below(3_500))
    await process.kill()
  }
  installation.forget(process)
}
