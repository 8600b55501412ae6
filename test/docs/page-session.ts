import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePorts } from '../../scripts/servers/port.ts'
import { BackgroundProcess } from './background-process.ts'
import { ROOT } from './code-blocks.ts'
import { NOT_RUN } from './not-run.ts'

/** What the pages call the API's address. */
const ADDRESS = 'http://127.0.0.1:8080'

const BIN = join(ROOT, 'bin/millrace.js')

/** How long pages have a client wait for an answer, and how long it waits here, where the machine may be busy. */
const [WAITS, WAITS_HERE] = [/timeout_ms: \d+/g, 'timeout_ms: 20_000'] as const

/** A line that starts what stays until it is stopped. */
const STAYS =
  /^(?:npm ci && )?(npx millrace (?:dev(?: --keep)?|serve|stream|archive|backfill --watch)|npm run demo)(?= *(?:#|$))/

/** The package is installed for good by `npm run test:package` only: elsewhere the checkout stands in for it, and for npx, which takes long to find it. */
const LINKED = `
npm() {
  case "$1 $2" in
    "install "*)
      mkdir -p node_modules/.bin node_modules/@types
      ln -s "$CHECKOUT" node_modules/millrace
      for name in vitest typescript tsx @types/node; do ln -s "$MODULES/$name" "node_modules/$name"; done
      ln -s ../millrace/bin/millrace.js node_modules/.bin/millrace
      ln -s ../vitest/vitest.mjs node_modules/.bin/vitest
      ln -s ../typescript/bin/tsc node_modules/.bin/tsc ;;
    *) command npm "$@" ;;
  esac
}
npx() {
  if [ "$1" = millrace ]; then shift; node "$CHECKOUT/bin/millrace.js" "$@"; else command npx "$@"; fi
}
`
const INSTALLED =
  'npm() { if [ "$1" = install ]; then set -- install --prefer-offline --no-audit --no-fund "$TARBALL"; fi; command npm "$@"; }\n'

export interface PageSessionOptions {
  /** The package that its `npm install` installs; without it, the checkout is linked to. */
  readonly tarball?: string
  /** A project, as another session left it, in which to begin; without it, a checkout of millrace. */
  readonly project?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A reader who follows a page: a shell, files that are written, and processes beside that stay. */
export class PageSession {
  readonly #home = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-page-')))
  readonly #options: PageSessionOptions
  readonly #stay = new Map<string, BackgroundProcess>()
  readonly #port = freePorts(1)
  #cwd = join(this.#home, 'millrace')
  #toCopy: string | null = null
  /** What was started last and may go on: nothing was defined since. */
  #goesOn: string | null = null

  constructor(options: PageSessionOptions = {}) {
    this.#options = options
    if (options.project !== undefined) {
      this.#cwd = join(this.#home, 'fraud-features')
      cpSync(options.project, this.#cwd, { recursive: true, verbatimSymlinks: true })
      return
    }
    mkdirSync(this.#cwd)
    // Not the checkout itself: what the page writes there and beside it stays in the folder of this session.
    for (const name of ['bin', 'src', 'scripts', 'node_modules', 'package.json', 'docker-compose.yml'])
      symlinkSync(join(ROOT, name), join(this.#cwd, name))
  }

  /** The folder in which its shell is. */
  get folder(): string {
    return this.#cwd
  }

  /** Writes a file of the page into the folder in which its shell is. */
  async write(file: string, text: string): Promise<void> {
    if (/^feature-defs\/|^millrace\.config/.test(file)) this.#goesOn = null
    mkdirSync(dirname(join(this.#cwd, file)), { recursive: true })
    writeFileSync(join(this.#cwd, file), text.replaceAll(ADDRESS, await this.#url()).replace(WAITS, WAITS_HERE))
  }

  /**
   * Runs the lines of one block; answers what they print. Throws where one fails. What stays, as `npx millrace dev`, takes the place of the same
   * that was started before.
   */
  async run(lines: string): Promise<string> {
    const printed: string[] = []
    let some: string[] = []
    for (const line of lines.split('\n')) {
      const stays = STAYS.exec(line)?.[1]
      if (stays === undefined) {
        some.push(line)
        continue
      }
      if (some.length > 0) printed.push(await this.#shell(some.join('\n')))
      some = []
      printed.push(await this.#start(stays))
    }
    if (some.length > 0) printed.push(await this.#shell(some.join('\n')))
    return printed.join('')
  }

  /** The request that what was started last said to copy, run as often as wanted. Null: it said none. */
  get toCopy(): string | null {
    return this.#toCopy
  }

  async end(): Promise<void> {
    await Promise.all([...this.#stay.values()].map((one) => one.stop()))
    rmSync(this.#home, { recursive: true, force: true })
  }

  get #env(): NodeJS.ProcessEnv {
    const { tarball, env } = this.#options
    const modules = realpathSync(join(ROOT, 'node_modules'))
    const own = { NO_COLOR: '1', CI: '1', CHECKOUT: ROOT, MODULES: modules, ...(tarball && { TARBALL: tarball }) }
    return { ...process.env, ...own, ...env }
  }

  async #url(): Promise<string> {
    return `http://127.0.0.1:${(await this.#port)[0]}`
  }

  async #shell(lines: string): Promise<string> {
    const place = join(this.#home, 'cwd')
    const url = await this.#url()
    const kept = NOT_RUN.reduce((text, { command }) => text.replace(command, ':'), lines)
    const functions = this.#options.tarball === undefined ? LINKED : INSTALLED
    const script = `set -e\n${functions}\n${kept.replaceAll(ADDRESS, url)}\npwd > '${place}'\n`
    const output = await new Promise<string>((done, fail) => {
      const options = { cwd: this.#cwd, env: this.#env, maxBuffer: 1e8 }
      const child = execFile('bash', ['-c', script], options, (error, stdout, stderr) => {
        if (error === null) done(stdout)
        else fail(new Error(`this failed with ${error.code}:\n${lines}\n${stdout}${stderr}`))
      })
      child.stdin?.end()
    })
    this.#cwd = readFileSync(place, 'utf8').trim()
    return output.replaceAll(url, ADDRESS)
  }

  /** What it says first: a line for people, or none. */
  async #start(command: string): Promise<string> {
    if (this.#goesOn === command) return ''
    // One port for what is asked: a reader has stopped the one before.
    const answers = /dev|serve|demo/.test(command)
    for (const [other, one] of this.#stay)
      if (other === command || (answers && /dev|serve|demo/.test(other))) await one.stop()
    const args = command === 'npm run demo' ? ['dev', '--demo'] : command.split(' ').slice(2)
    const port = answers ? String((await this.#port)[0]) : '0'
    const installed =
      this.#options.tarball === undefined ? BIN : join(this.#cwd, 'node_modules/millrace/bin/millrace.js')
    // The demo serves the definitions of the checkout, which is not where a page's own files are.
    const cwd = command === 'npm run demo' ? ROOT : this.#cwd
    const started = await BackgroundProcess.start(installed, [...args, '--port', port], cwd, this.#env)
    this.#stay.set(command, started)
    this.#goesOn = command
    this.#toCopy = command === 'npm run demo' ? await started.said(/^ +curl /) : null
    return `${started.first.replaceAll(await this.#url(), ADDRESS)}\n`
  }
}
