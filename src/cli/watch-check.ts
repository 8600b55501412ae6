import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT } from './exit-code.ts'
import { onInterrupt } from './interrupt.ts'
import { styled } from './output.ts'
import { changedText, changesOf, WatchedFiles } from './watched-files.ts'

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
  const begun = files.stamps()
  let check = new Check(argv)
  let exitCode: number | null = null
  try {
    for await (const changed of changesOf(files, begun, signal)) {
      exitCode = check.exitCode ?? exitCode
      await check.stop()
      tell(changed, json)
      check = new Check(argv)
    }
  } finally {
    await check.stop(LAST_MS_MAX)
    release()
  }
  return check.exitCode ?? exitCode ?? EXIT.interrupted
}

function tell(changed: readonly string[], json: boolean): void {
  if (json) return
  // On a terminal each check begins at the top.
  const clear = process.stdout.isTTY === true && process.env.TERM !== 'dumb' ? '\x1b[2J\x1b[H' : '\n'
  process.stdout.write(
    `${clear}${styled('dim', `${new Date().toTimeString().slice(0, 8)} ${changedText(changed)} changed`)}\n`,
  )
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
