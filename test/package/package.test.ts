import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { EXIT } from '../../src/cli/exit-code.ts'
import { version } from '../../src/cli/version.ts'
import { compile } from '../types/compiler.ts'
import { CLIENT_FILE, WRONG_USES } from './client-uses.ts'
import { DEFINITIONS, type Project, ROOT, readmeDefinitions, run, scoringProject, startDev } from './installation.ts'

let project: Project
beforeAll(async () => {
  project = await scoringProject()
})
afterAll(() => project?.remove())

interface Installed {
  readonly dependencies: Readonly<Record<string, string>>
}

describe('what is in the package', () => {
  const files = (ending: string) =>
    readdirSync(join(project.folder, 'node_modules/millrace'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith(ending) && !/^(node_modules|swagger-ui)\b/.test(path),
    )
  const read = (path: string) => readFileSync(join(project.folder, 'node_modules/millrace', path), 'utf8')

  it('is compiled: no source in TypeScript, no test', () => {
    expect(files('.ts').filter((path) => !path.endsWith('.d.ts'))).toEqual([])
    expect(files('.test.js')).toEqual([])
    expect(files('.js').length).toBeGreaterThan(200)
  })

  it('every package that its code imports is a dependency of it', () => {
    const manifest = JSON.parse(read('package.json')) as Installed & { devDependencies?: unknown }
    const known = new Set([...Object.keys(manifest.dependencies), ...builtinModules])
    const imported = new Map<string, string>()
    for (const path of [...files('.js'), ...files('.d.ts')]) {
      for (const [, name] of read(path).matchAll(/(?:^import |\bfrom |\bimport\()['"]([^.'"\n][^'"\n]*)['"]/gm)) {
        imported.set(name!, path)
      }
    }
    const names = [...imported.keys()].filter((name) => !/^(node:|millrace)/.test(name))
    expect(names).toEqual(expect.arrayContaining(['zod', 'hono', 'tsx/esm/api']))
    expect(names.filter((name) => !known.has(name.split('/', name.startsWith('@') ? 2 : 1).join('/')))).toEqual([])
    expect(manifest.devDependencies).toBeUndefined()
  })

  it('has what code reads beside itself', () => {
    expect(files('.lua').length).toBeGreaterThan(3)
  })
})

it('every entry exports what it does here', async () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, string> }
  const entries = Object.entries(manifest.exports)
  expect(entries.map(([entry]) => entry)).toEqual(['.', './config', './testing', './client'])
  for (const [entry, source] of entries) {
    const script = `console.log(Object.keys(await import('millrace${entry.slice(1)}')).sort().join())`
    const { stdout } = await run(project.folder, process.execPath, '--input-type=module', '-e', script)
    expect(stdout.trim()).toBe(
      Object.keys((await import(join(ROOT, source))) as object)
        .sort()
        .join(),
    )
  }
})

describe('the installed command', () => {
  it('knows its version and its commands', async () => {
    expect((await project.millrace('--version')).stdout).toBe(`${version()}\n`)
    const { stdout } = await project.millrace('--help')
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +${name}\\b`, 'm'))
  })

  it('checks definitions, of the project and of an installed package', async () => {
    project.write('feature-defs/payments.ts', readmeDefinitions())
    const own = await project.millrace('check', '--json')
    expect(JSON.parse(own.stdout)).toEqual({ ok: true, files: ['feature-defs/payments.ts'], problems: [] })
    const installed = await project.millrace('check', '--json', '--defs', DEFINITIONS)
    const files = ['payments.ts', 'profile.ts'].map((file) => `${DEFINITIONS}/${file}`)
    expect(JSON.parse(installed.stdout)).toEqual({ ok: true, files, problems: [] })
  })

  it('makes a project of its own, which is right', async () => {
    expect((await project.millrace('init', 'fraud-features')).code).toBe(0)
    const { code, stdout } = await project.millrace('check', '--json', '--defs', 'fraud-features/feature-defs')
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ ok: true, problems: [] })])
  })

  it('says where a definition is wrong', async () => {
    const wrong = "import { entity } from 'millrace'\n\nexport const card = entity('card', {})\n"
    project.write('wrong/card.ts', wrong)
    const { code, stdout } = await project.millrace('check', '--defs', 'wrong')
    expect(code).toBe(EXIT.definitions)
    expect(stdout).toMatch(/^error: wrong\/card\.ts:3:21: .*key/m)
  })
})

describe('the client in a project that scores', () => {
  it('is typed by installed definitions: what is right compiles, what is wrong does not, and where it is', async () => {
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2023', 'dom'],
      module: 'nodenext',
      // Nothing of Node is known here, and all declarations are looked into.
      types: [],
      skipLibCheck: false,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      noEmit: true,
    }
    project.write('score/tsconfig.json', JSON.stringify({ compilerOptions }))
    project.write('score/server.ts', "export const url: string = 'http://127.0.0.1:8080'\n")
    project.write('score/score.ts', CLIENT_FILE)
    const wrong = WRONG_USES.map(({ code, message }, i) => {
      const file = project.write(`score/wrong-${i}.ts`, `import { client, event } from './score.ts'\n\n${code}\n`)
      return { file, line: 3, text: expect.stringContaining(message) }
    })
    const { errors } = await compile(join(project.folder, 'score'))
    expect(errors).toEqual(wrong.toSorted((a, b) => (a.file < b.file ? -1 : 1)))
  })

  it('runs against the installed command, with the definitions of a package', async () => {
    const dev = await startDev(project, '--defs', DEFINITIONS)
    try {
      project.write('score/server.ts', `export const url: string = '${dev.url}'\n`)
      const { code, stdout, stderr } = await run(project.folder, process.execPath, '--import', 'tsx', 'score/score.ts')
      expect([code, stderr]).toEqual([0, ''])
      expect(JSON.parse(stdout)).toEqual({
        taken: { accepted: 2, rejected: [] },
        service: 'checkout_risk',
        spend: 1_234 + 2_000 + 5_000,
        status: [],
        rows: ['ok', 'EVENT_VALUE event.amount'],
        names: 9,
        vector: true,
        refused: "SERVICE_UNKNOWN 404 did you mean 'card_profile'?",
      })

      // The page of the API has all that it shows from the package, which installs nothing of others for it.
      const page = await (await fetch(`${dev.url}/docs`)).text()
      const [script] = /docs\/[\d.]+\/swagger-ui-bundle\.js/.exec(page)!
      expect((await (await fetch(`${dev.url}/${script}`)).text()).length).toBeGreaterThan(500_000)
      expect(existsSync(join(project.folder, 'node_modules/@scarf'))).toBe(false)

      // The files of the client, where there is nothing of Node.
      const bare = [
        join(ROOT, 'test/package/bare-world.ts'),
        join(project.folder, 'node_modules/millrace/dist/client'),
        dev.url,
      ]
      const ended = await run(
        ROOT,
        process.execPath,
        '--no-warnings',
        '--experimental-vm-modules',
        '--import',
        'tsx',
        ...bare,
      )
      expect([ended.code, ended.stderr]).toEqual([0, ''])
      const { loaded, globals, spend } = JSON.parse(ended.stdout) as {
        loaded: string[]
        globals: string[]
        spend: number
      }
      expect(loaded.length).toBeGreaterThan(5)
      expect(loaded.filter((file) => !/^[a-z-]+\.js$/.test(file))).toEqual([])
      expect(globals).toEqual([])
      expect(spend).toBe(1_234 + 2_000)
    } finally {
      await dev.stop()
    }
  })
})
