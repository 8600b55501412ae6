import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './code-blocks.ts'

/** What the pages call the API's address. */
const ADDRESS = 'http://127.0.0.1:8080'

/** The package is made before, and is installed for good by `npm run test:package` only: elsewhere the checkout stands in for it. */
const NPM = `
npm() {
  case "$1 $2" in
    "ci "*|"run pack") ;;
    "install "*)
      if [ -n "$TARBALL" ]; then command npm install --prefer-offline --no-audit --no-fund "$TARBALL"; return; fi
      mkdir -p node_modules/.bin node_modules/@types
      ln -s "$MILLRACE" node_modules/millrace
      for name in vitest typescript @types/node; do ln -s "$MODULES/$name" "node_modules/$name"; done
      ln -s ../millrace/bin/millrace.js node_modules/.bin/millrace
      ln -s ../vitest/vitest.mjs node_modules/.bin/vitest
      ln -s ../typescript/bin/tsc node_modules/.bin/tsc ;;
    *) command npm "$@" ;;
  esac
}
`

/** A reader who follows a page: a shell that begins in a checkout of millrace, files that are written, and one `millrace dev` beside. */
export class PageSession {
  readonly #home = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-page-')))
  readonly #tarball: string
  #cwd = join(this.#home, 'millrace')
  #dev: { readonly url: string; stop(): Promise<void> } | null = null

  /** `tarball`: the package that its `npm install` installs; without it, the checkout is linked to. */
  constructor(tarball = '') {
    this.#tarball = tarball
    mkdirSync(this.#cwd)
    // Not the checkout itself: what the page writes beside it stays in the folder of this session.
    for (const name of ['bin', 'src', 'node_modules', 'package.json'])
      symlinkSync(join(ROOT, name), join(this.#cwd, name))
  }

  /** Writes a file of the page into the folder in which its shell is. */
  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.#cwd, file)), { recursive: true })
    writeFileSync(join(this.#cwd, file), text)
  }

  /** Runs the lines of one block; answers what they print. Throws where one fails. `npx millrace dev` stays, in place of the one before. */
  async run(lines: string): Promise<string> {
    if (lines.trim() === 'npx millrace dev') return this.#startDev()
    const place = join(this.#home, 'cwd')
    const script = `set -e\n${NPM}\n${lines.replaceAll(ADDRESS, this.#dev?.url ?? ADDRESS)}\npwd > '${place}'\n`
    const env = {
      ...process.env,
      NO_COLOR: '1',
      CI: '1',
      MILLRACE: ROOT,
      TARBALL: this.#tarball,
      MODULES: realpathSync(join(ROOT, 'node_modules')),
    }
    const output = await new Promise<string>((done, fail) => {
      const child = execFile('bash', ['-c', script], { cwd: this.#cwd, env }, (error, stdout, stderr) => {
        if (error === null) done(stdout)
        else fail(new Error(`this failed with ${error.code}:\n${lines}\n${stdout}${stderr}`))
      })
      child.stdin?.end()
    })
    this.#cwd = readFileSync(place, 'utf8').trim()
    return output
  }

  async #startDev(): Promise<string> {
    await this.#dev?.stop()
    const child = spawn(
      process.execPath,
      [join(this.#cwd, 'node_modules/millrace/bin/millrace.js'), 'dev', '--port', '0'],
      {
        cwd: this.#cwd,
        env: { ...process.env, NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const ended = once(child, 'exit')
    const stop = async () => {
      child.kill('SIGTERM')
      await ended
    }
    const said: string[] = []
    const listens = new Promise<string>((found) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on('line', (line) => {
          said.push(line)
          if (line.includes(' listens on ')) found(line)
        })
      }
    })
    const line = await Promise.race([listens, ended.then(() => null)])
    if (line === null) throw new Error(`millrace dev ended: ${said.join('\n')}`)
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)![0]
    this.#dev = { url, stop }
    return line.replace(url, ADDRESS)
  }

  async end(): Promise<void> {
    await this.#dev?.stop()
    rmSync(this.#home, { recursive: true, force: true })
  }
}
