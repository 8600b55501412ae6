import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MILLRACE = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))

/** Lines of output that an error shows. */
const SHOWN_LINES = 20

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Those that still run, to be ended with this process. */
const running = new Set<ChildProcess>()
process.on('exit', killRunning)

/** Ends all processes that were started here and still run, as after a failure. */
export function killRunning(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** A `millrace` command in a process of its own. */
export class MillraceProcess {
  readonly title: string
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #listeners = new Set<(line: string) => void>()
  #exit: Exit | null = null

  constructor(args: readonly string[]) {
    this.title = `millrace ${args.join(' ')}`
    this.#child = spawn(MILLRACE, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(this.#child)
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) this.#listen(stream)
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (code, signal) => {
        running.delete(this.#child)
        this.#exit = { code, signal }
        resolve(this.#exit)
      })
    })
    // Whoever waits for it is told; nobody may be waiting yet.
    this.exited.catch(() => {})
  }

  /** How it ended; null while it runs. */
  get exit(): Exit | null {
    return this.#exit
  }

  /** The last lines of its output. */
  get tail(): string {
    return this.#lines.slice(-SHOWN_LINES).join('\n')
  }

  /** The value that `read` finds in a line of output, come or to come. Throws where the process ends without it. */
  async find<T>(read: (line: string) => T | null): Promise<T> {
    for (const line of this.#lines) {
      const found = read(line)
      if (found !== null) return found
    }
    let listener: (line: string) => void = () => {}
    const later = new Promise<T>((resolve) => {
      listener = (line) => {
        const found = read(line)
        if (found !== null) resolve(found)
      }
      this.#listeners.add(listener)
    })
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(`${this.title} ended (${signal ?? code}):\n${this.tail}`)
    })
    try {
      return await Promise.race([later, ended])
    } finally {
      this.#listeners.delete(listener)
    }
  }

  /** Waits for a good end. Throws for any other. */
  async succeed(): Promise<void> {
    const { code, signal } = await this.exited
    if (code !== 0) throw new Error(`${this.title} ended (${signal ?? code}):\n${this.tail}`)
  }

  /** As a power cut ends it: `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }

  /** As Ctrl-C ends it. */
  async stop(): Promise<void> {
    this.#child.kill('SIGINT')
    await this.succeed()
  }

  #listen(stream: NodeJS.ReadableStream): void {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      this.#lines.push(...lines)
      for (const line of lines) for (const listener of this.#listeners) listener(line)
    })
  }
}
