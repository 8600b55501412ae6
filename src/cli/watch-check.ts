import { type ChildProcess, spawn } from 'node:child_process'
import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT } from './exit-code.ts'
import { onInterrupt } from './interrupt.ts'
import { counted, styled } from './output.ts'
import { changedFiles, WatchedFiles } from './watched-files.ts'

/**
 * How often the files are looked at. By their times, not by the system's notices, which differ from system to system, and are lost on mounted
 * folders. A change is taken up when nothing changes for one such pause, so that an editor that saves many files is waited for.
 */
const LOOK_MS = 200

/** How long a check that runs may take to end when the watch does. */
const LAST_MS_MAX = 2_000

export interface WatchOptions {
  readonly defs: string
  /** Files beside the definitions whose change matters. */
  readonly others: readonly string[]
  /** The command line that checks once, without `--watch`. */
  readonly argv: readonly string[]
  readonly json: boolean
}

/**
 * Checks again whenever a definition changes, or what it imports, until Ctrl-C. Each check is a process of its own, so no module is ever stale,
 * and nothing is left of the one before. Answers the exit code of the last check that ended; none did: that of Ctrl-C.
 */
export async function watchCheck({ defs, others, argv, json }: WatchOptions): Promise<number> {
  const { signal, release } = onInterrupt()
  const files = new WatchedFiles(defs, others)
  let checked = files.stamps()
  let check = new Check(argv)
  let exitCode: number | null = null
  try {
    for (;;) {
      await sleep(LOOK_MS, null, { signal })
      exitCode = check.exitCode ?? exitCode
      const stamps = files.stamps()
      if (changedFiles(checked, stamps).length === 0) continue
      const settled = await settle(files, stamps, signal)
      await check.stop()
      tell(changedFiles(checked, settled), json)
      checked = settled
      check = new Check(argv)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await check.stop(LAST_MS_MAX)
    release()
  }
  return check.exitCode ?? exitCode ?? EXIT.interrupted
}

/** The stamps as soon as they stay what they are. */
async function settle(
  files: WatchedFiles,
  first: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  for (let before = first; ; ) {
    await sleep(LOOK_MS, null, { signal })
    const now = files.stamps()
    if (changedFiles(before, now).length === 0) return now
    before = now
  }
}

function tell(changed: readonly string[], json: boolean): void {
  if (json) return
  const [first] = changed
  const what = changed.length === 1 ? relative(process.cwd(), first!) : counted(changed.length, 'file')
  // On a terminal each check begins at the top.
  const clear = process.stdout.isTTY === true && process.env.TERM !== 'dumb' ? '\x1b[2J\x1b[H' : '\n'
  process.stdout.write(`${clear}${styled('dim', `${new Date().toTimeString().slice(0, 8)} ${what} changed`)}\n`)
}

/** One check in a process of its own. */
class Check {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  /** Null while it runs, and where it was ended. */
  exitCode: number | null = null

  constructor(argv: readonly string[]) {
    this.#child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...argv], { stdio: 'inherit' })
    this.#ended = new Promise((ended) => {
      this.#child.once('error', ended)
      this.#child.once('exit', (code) => {
        this.exitCode = code
        ended(code)
      })
    })
  }

  /** Ends it, where it runs still after a while. */
  async stop(wait_ms = 0): Promise<void> {
    if (wait_ms > 0) await Promise.race([this.#ended, sleep(wait_ms, null, { ref: false })])
    this.#child.kill('SIGTERM')
    await this.#ended
  }
}
