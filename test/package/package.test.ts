import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { EXIT } from '../../src/cli/exit-code.ts'
import { version } from '../../src/cli/version.ts'
import { type Project, readmeDefinitions, scoringProject } from './installation.ts'

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
      (path) => path.endsWith(ending) && !path.startsWith('node_modules'),
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

describe('the installed command', () => {
  it('knows its version and its commands', async () => {
    expect((await project.millrace('--version')).stdout).toBe(`${version()}\n`)
    const { stdout } = await project.millrace('--help')
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +${name}\\b`, 'm'))
  })

  it('checks definitions of an installed package, which are the same in the project itself', async () => {
    const installed = await project.millrace('check', '--json', '--defs', 'node_modules/risk-definitions/feature-defs')
    project.write('feature-defs/definitions.ts', readmeDefinitions())
    const own = await project.millrace('check', '--json')
    expect([own.code, installed.code]).toEqual([0, 0])
    expect(JSON.parse(own.stdout)).toMatchObject({ problems: [] })
    const withoutFiles = (text: string) => ({ ...(JSON.parse(text) as object), files: null })
    expect(withoutFiles(installed.stdout)).toEqual(withoutFiles(own.stdout))
  })

  it('says where a definition is wrong', async () => {
    const wrong = "import { entity } from 'millrace'\n\nexport const card = entity('card', {})\n"
    project.write('wrong/card.ts', wrong)
    const { code, stdout } = await project.millrace('check', '--defs', 'wrong')
    expect(code).toBe(EXIT.definitions)
    expect(stdout).toMatch(/^error: wrong\/card\.ts:3:21: .*key/m)
  })
})
