import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Where a line says that it answers: `millrace listens on http://127.0.0.1:8080: ...`, or JSON with `ready`. Null: it does not. */
function readyUrl(line: string): string | null {
  if (!line.startsWith('{')) return /listens on (http:\S+?):? /.exec(line)?.[1] ?? null
  const { msg, url } = JSON.parse(line) as { msg?: string; url?: string }
  return msg === 'ready' ? (url ?? null) : null
}

/** A process of millrace that stays until it is stopped. */
export class BackgroundProcess {
  /** The line by which it said that it is ready, and where. */
  readonly first: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #lines: Lines

  private constructor(child: ChildProcess, ended: Promise<unknown>, lines: Lines, first: string) {
    this.#child = child
    this.#ended = ended
    this.#lines = lines
    this.first = first
  }

  /** Resolves when it is ready. Throws, with what it said, where it ends before. */
  static async start(
    bin: string,
    args: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv,
  ): Promise<BackgroundProcess> {
    const child = spawn(process.execPath, [bin, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    const ended = once(child, 'exit').finally(() => process.off('exit', kill))
    const lines = new Lines(child)
    const first = await Promise.race([lines.first((line) => readyUrl(line) !== null), ended.then(() => null)])
    if (first === null) throw new Error(`millrace ${args.join(' ')} ended: ${lines.all.join('\n')}`)
    return new BackgroundProcess(child, ended, lines, first)
  }

  /** The first line that matches, said or yet to be said. */
  said(words: RegExp): Promise<string> {
    return this.#lines.first((line) => words.test(line))
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#ended
  }
}

/** What a process says, on either stream. */
class Lines {
  readonly all: string[] = []
  readonly #waiting = new Set<(line: string) => void>()

  constructor({ stdout, stderr }: ChildProcess) {
    for (const stream of [stdout!, stderr!]) {
      createInterface(stream).on('line', (line) => {
        this.all.push(line)
        for (const tell of this.#waiting) tell(line)
      })
    }
  }

  first(is: (line: string) => boolean): Promise<string> {
    const said = this.all.find(is)
    if (said !== undefined) return Promise.resolve(said)
    return new Promise((found) => {
      const tell = (line: string) => {
        if (!is(line)) return
        this.#waiting.delete(tell)
        found(line)
      }
      this.#waiting.add(tell)
    })
  }
}
