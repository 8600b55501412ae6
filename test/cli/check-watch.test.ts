import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changedFiles, WatchedFiles } from '../../src/cli/watched-files.ts'

const BIN = resolve(import.meta.dirname, '../../bin/millrace.js')
const WAIT_MS_MAX = 60_000

let folder: string
let child: ChildProcess | null = null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  mkdirSync(join(folder, 'feature-defs'))
  mkdirSync(join(folder, 'lib'))
})
afterEach(async () => {
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await new Promise((ended) => child!.once('exit', ended))
  }
  child = null
  rmSync(folder, { recursive: true })
})

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

/** A check that watches; `until` waits for a text among what it has written since the last wait. */
function watch(...args: string[]) {
  const env = { ...process.env, NO_COLOR: '1' }
  const started = spawn(process.execPath, [BIN, 'check', '--watch', ...args], { cwd: folder, env })
  child = started
  let output = ''
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (data) => (output += String(data)))
  const exit = new Promise<number | null>((ended) => started.once('exit', ended))
  return {
    async until(text: string): Promise<string> {
      const begun_ms = Date.now()
      while (!output.includes(text)) {
        if (Date.now() - begun_ms > WAIT_MS_MAX || started.exitCode !== null || started.signalCode !== null)
          throw new Error(`no '${text}' in: ${output}`)
        await new Promise((pause) => setTimeout(pause, 20))
      }
      const seen = output.slice(0, output.indexOf(text) + text.length)
      output = output.slice(seen.length)
      return seen
    },
    async interrupt(): Promise<number | null> {
      started.kill('SIGINT')
      return exit
    },
  }
}

const card = (key: string) => `import { entity, z } from 'millrace'
import { name } from '../lib/name.ts'
export const card = entity(name, { key: { ${key} } })`

describe('check --watch', () => {
  it('checks again when a definition changes, or what it imports, and ends as the last check did', async () => {
    write('lib/name.ts', `export const name = 'Card'`)
    write('feature-defs/card.ts', card('card_id: z.string()'))
    const check = watch()
    expect(await check.until('1 error, 0 warnings')).toContain(`'Card' cannot be the name of an entity`)
    // What is imported from elsewhere: no module is stale.
    write('lib/name.ts', `export const name = 'card'`)
    expect(await check.until('0 errors, 0 warnings')).toContain('lib/name.ts changed')
    // A file that cannot be loaded ends nothing.
    write('feature-defs/broken.ts', 'export const a = +*')
    expect(await check.until('1 error, 0 warnings')).toContain('feature-defs/broken.ts:1:19: Unexpected "*"')
    rmSync(join(folder, 'feature-defs/broken.ts'))
    expect(await check.until('0 errors, 0 warnings')).toContain('feature-defs/broken.ts changed')
    // As editors save: another file takes its place.
    write('feature-defs/card.ts.tmp', card('card_id: z.number()'))
    renameSync(join(folder, 'feature-defs/card.ts.tmp'), join(folder, 'feature-defs/card.ts'))
    expect(await check.until('1 error, 0 warnings')).toContain('feature-defs/card.ts:3:43: entity card')
    expect(await check.interrupt()).toBe(3)
  })

  it('waits for a folder that has no definitions yet; with --json it is a line a check', async () => {
    const check = watch('--json')
    await check.until(`has no definition files`)
    write('lib/name.ts', `export const name = 'card'`)
    write('feature-defs/card.ts', card('card_id: z.string()'))
    const line = await check.until('"problems":[]}\n')
    expect(JSON.parse(line.trim().split('\n').at(-1)!)).toEqual({
      ok: true,
      files: ['feature-defs/card.ts'],
      problems: [],
    })
    expect(await check.interrupt()).toBe(0)
  })
})

describe('the files that are watched', () => {
  const names = (stamps: ReadonlyMap<string, string>) =>
    [...stamps.keys()].map((path) => path.slice(folder.length + 1)).sort()

  it('are those of the folder, and all that they import of the project, however it is written', () => {
    write(
      'feature-defs/a.ts',
      `import x from '../lib/x'\nexport { y } from "../lib/y.js"\nimport 'zod'\nconst z = import('../lib/z.ts')`,
    )
    write('lib/x.ts', `import type { A } from './deep/index.ts'\nimport './x.ts'`)
    write('lib/y.ts', '')
    write('lib/z.ts', `import './gone.ts'`)
    mkdirSync(join(folder, 'lib/deep'))
    write('lib/deep/index.ts', `import '..'`)
    write('lib/unrelated.ts', '')
    write('config.ts', '')
    const files = new WatchedFiles(join(folder, 'feature-defs'), [join(folder, 'config.ts'), join(folder, 'none.ts')])
    const before = files.stamps()
    expect(names(before)).toEqual([
      'config.ts',
      'feature-defs/a.ts',
      'lib/deep/index.ts',
      'lib/x.ts',
      'lib/y.ts',
      'lib/z.ts',
    ])
    expect(changedFiles(before, files.stamps())).toEqual([])
    write('lib/gone.ts', 'export {}')
    write('lib/unrelated.ts', 'export {}')
    rmSync(join(folder, 'lib/deep/index.ts'))
    const changed = changedFiles(before, files.stamps()).map((path) => path.slice(folder.length + 1))
    expect(changed).toEqual(['lib/deep/index.ts', 'lib/gone.ts'])
  })
})
