import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LoadedConfig } from '../../src/cli/config/loaded-config.ts'

// A test runner has module hooks of its own, so files are loaded in a process like that of the command line.
const LOADER = fileURLToPath(new URL('load-config-process.ts', import.meta.url))
const ROOT = resolve(import.meta.dirname, '../..')

/** Far from any node_modules. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

async function load<T = LoadedConfig>(
  file: string | null = null,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const args = ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), LOADER, ...(file === null ? [] : [file])]
  const { PATH = '' } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env: { PATH, ...env } })
  return JSON.parse(stdout) as T
}

interface Refused {
  readonly code: string
  readonly exitCode: number
  readonly message: string
}

const refused = (...problems: readonly string[]): Refused => ({
  code: 'CONFIG_WRONG',
  exitCode: 2,
  message: `the configuration has an error:\n  ${problems.join('\n  ')}`,
})

describe('the configuration file', () => {
  it('is TypeScript, found in the folder, and imports the running copy of millrace', async () => {
    const http = `import { defineConfig } from 'millrace/config'
      interface Unused { readonly a: string }
      const port: number = await Promise.resolve(9000)
      export default defineConfig({ http: { port }, log: { level: 'warn' } })`
    write({ 'millrace.config.ts': http })
    expect(await load()).toMatchObject({ file: 'millrace.config.ts', http: { port: 9_000 }, log: { level: 'warn' } })
  })

  it.each(['mts', 'js', 'mjs'])('may be .%s', async (ending) => {
    write({
      [`millrace.config.${ending}`]: `import { defineConfig } from 'millrace/config'; export default defineConfig({ clock: 'history' })`,
    })
    expect(await load()).toMatchObject({ file: `millrace.config.${ending}`, clock: 'history' })
  })

  it('may be left out, and stand elsewhere: what it names is seen from there', async () => {
    expect(await load()).toMatchObject({ file: null, defs: 'feature-defs' })
    write({ 'ops/prod.ts': `export default { defs: '../defs' }` })
    const { file, defs } = await load('ops/prod.ts')
    expect([file, defs]).toEqual(['ops/prod.ts', resolve(folder, 'defs')])
    expect((await load('ops/prod.ts', { MILLRACE_DEFS: 'mine' })).defs).toBe('mine')
  })

  it('says what is wrong with it', async () => {
    expect(await load<Refused>('none.ts')).toEqual(
      refused(`there is no configuration file 'none.ts'; give the path of one, or leave it out`),
    )
    write({ 'a.ts': 'export const config = {}', 'b.ts': 'export default {\n  defs: *\n}' })
    write({ 'c.ts': `import './none.ts'\nexport default {}`, 'd.ts': `\nthrow new Error('no vault today')` })
    expect(await load<Refused>('a.ts')).toEqual(
      refused('a.ts exports no configuration; write export default defineConfig({ ... })'),
    )
    expect(await load<Refused>('b.ts')).toEqual(refused('b.ts:2:9: Unexpected "*"; correct the syntax'))
    expect((await load<Refused>('c.ts')).message).toMatch(
      /c\.ts:\d+:\d+: Cannot find module .*none\.ts'; correct the path/,
    )
    expect(await load<Refused>('d.ts')).toEqual(refused('d.ts:2:7: no vault today; correct the file'))
    write({ 'millrace.config.ts': '', 'millrace.config.mjs': '' })
    expect(await load<Refused>()).toEqual(
      refused('there are both millrace.config.ts and millrace.config.mjs; keep one of them'),
    )
  })
})

it('millrace/config is the types and a function: it imports nothing', () => {
  const entry = readFileSync(join(ROOT, 'src/config.ts'), 'utf8')
  expect(entry).toContain('export function defineConfig')
  expect(entry).not.toMatch(/^\s*(import|export .* from)\b|import\(/m)
})
