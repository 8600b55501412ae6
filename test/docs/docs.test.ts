import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ArgsDef } from 'citty'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { COMMANDS } from '../../src/cli/commands.ts'
import { VARIABLES } from '../../src/cli/config/variables.ts'
import { projectFiles } from '../../src/cli/init/project-files.ts'
import { loadDefinitions } from '../../src/cli/load-definitions.ts'
import { METRICS } from '../../src/cli/metric-table.ts'
import { compile, type Diagnostic } from '../types/compiler.ts'
import { type CodeBlock, codeBlocks, folderOf, pages, ROOT, walks } from './code-blocks.ts'
import { moduleOf, setCommon } from './snippets.ts'

const folder = join(ROOT, '.tmp', `docs-${process.pid}`)
const blocks = pages().flatMap((page) => codeBlocks(page))
const of = (language: string) => blocks.filter((block) => block.language === language)
const place = ({ page, line }: CodeBlock) => `${page}:${line}`

/** What a page writes down as files of its project. */
const filesOf = (page: string) => of('ts').filter((block) => block.page === page && block.file !== null)

/** Where each block was written, by its path. */
const written = new Map<string, CodeBlock>()

beforeAll(async () => {
  setCommon((await import('./common.ts')) as Readonly<Record<string, unknown>>)
  // These pages go on in a new project.
  for (const page of walks()) {
    const files = projectFiles({
      name: 'fraud-features',
      version: '9.9.9',
      dependency: '9.9.9',
      now_ms: Date.UTC(2026, 0, 9),
    })
    for (const { path, text } of files.filter(({ path }) => /^(feature-defs|test)\//.test(path))) {
      mkdirSync(dirname(join(folder, folderOf(page), path)), { recursive: true })
      writeFileSync(join(folder, folderOf(page), path), text)
    }
  }
  for (const block of of('ts')) {
    const { page, file, line, text } = block
    const path = join(folder, folderOf(page), file ?? `snippet-${line}.ts`)
    mkdirSync(dirname(path), { recursive: true })
    const up = '../'.repeat(2)
    writeFileSync(path, file === null ? moduleOf(block, filesOf(page), `${up}../test/docs/common.ts`) : text)
    written.set(path, block)
  }
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['**/*.ts'],
    exclude: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {}')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('what the pages show in TypeScript', () => {
  let errors: readonly Diagnostic[] = []
  beforeAll(async () => {
    errors = (await compile(folder)).errors
  })

  it.each([...new Set(of('ts').map(({ page }) => page))])('%s compiles', (page) => {
    const own = errors.filter(({ file }) => written.get(file)?.page === page)
    expect(
      own.map(({ file, line, text }) => `${place(written.get(file)!)} (line ${line} of the module): ${text}`),
    ).toEqual([])
  })

  const withDefinitions = [
    ...new Set(
      of('ts')
        .filter(({ file }) => file?.startsWith('feature-defs/'))
        .map(({ page }) => page),
    ),
  ]

  it.each(withDefinitions)('the definitions of %s have no problems', async (page) => {
    const { problems } = await loadDefinitions(join(folder, folderOf(page), 'feature-defs'))
    expect(problems).toEqual([])
  })

  const tests = of('ts').filter(({ file }) => file?.endsWith('.test.ts'))

  it.runIf(tests.length > 0)(
    'the tests that they show pass',
    () => {
      const paths = tests.map(({ page, file }) => join(folder, folderOf(page), file!))
      const isNode = (path: string) => readFileSync(path, 'utf8').includes("'node:test'")
      const ours = paths.filter((path) => !isNode(path))
      const options = { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' } as const
      if (ours.length > 0)
        execFileSync('npx', ['vitest', 'run', '--root', folder, '--reporter', 'dot', ...ours], options)
      for (const path of paths.filter(isNode))
        execFileSync(process.execPath, ['--import', 'tsx', '--test', path], options)
    },
    120_000,
  )
})

describe('what they show in other languages', () => {
  it.each(of('json').map((block) => [place(block), block]))('%s is JSON', (_, { text }) => {
    for (const line of text.includes('\n{') ? text.split('\n') : [text]) expect(() => JSON.parse(line)).not.toThrow()
  })

  it.each(of('yaml').map((block) => [place(block), block]))('%s is YAML', (_, { text }) => {
    expect(parse(text)).not.toBeNull()
  })

  it.each(of('sh').map((block) => [place(block), block]))('%s is something that a shell can run', (_, { text }) => {
    execFileSync('bash', ['-n'], { input: text })
  })

  it.each(of('sh').map((block) => [place(block), block]))(
    '%s names commands, flags and scripts that are there',
    async (_, block) => {
      const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
      for (const [, script] of block.text.matchAll(/npm run ([a-z:-]+)/g))
        expect(Object.keys(scripts)).toContain(script)
      for (const [, name, rest] of block.text.replaceAll('\\\n', ' ').matchAll(/npx millrace ([a-z]+)([^\n|;&#]*)/g)) {
        const entry = COMMANDS.find((one) => one.name === name)
        expect([place(block), name, entry !== undefined]).toEqual([place(block), name, true])
        const { args } = await entry!.load()
        const known = ['help', ...Object.keys((await (typeof args === 'function' ? args() : args)) as ArgsDef)]
        for (const [, flag] of rest!.matchAll(/ --([a-z-]+)/g))
          expect([name, known]).toEqual([name, expect.arrayContaining([flag])])
      }
    },
  )

  it('is of languages that are looked at', () => {
    expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(
      expect.arrayContaining(['json', 'sh', 'text', 'ts']),
    )
    const others = blocks.filter(
      ({ language }) => !['json', 'sh', 'text', 'ts', 'yaml', 'csv', 'http', 'sql'].includes(language),
    )
    expect(others.map((block) => `${place(block)}: ${block.language}`)).toEqual([])
  })
})

/** Variables of docker-compose.yml and of the scripts that start servers. */
function ofServers(): string[] {
  const scripts = readdirSync(join(ROOT, 'scripts'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const files = ['docker-compose.yml', ...scripts.map((name) => join('scripts', name))]
  return files.flatMap((file) => readFileSync(join(ROOT, file), 'utf8').match(/MILLRACE_[A-Z_]*[A-Z]/g) ?? [])
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('what they name', () => {
  it.each(pages())('%s: headings that are linked to', (page) => {
    for (const [, link, anchor] of readFileSync(join(ROOT, page), 'utf8').matchAll(
      /\]\((?!https?:)([^)#\s]*)#([^)]+)\)/g,
    )) {
      const target = link === '' ? page : join(dirname(page), link!)
      expect([target, anchors(target)]).toEqual([target, expect.arrayContaining([anchor])])
    }
  })

  it('every page is on the map', () => {
    const map = readFileSync(join(ROOT, 'docs/README.md'), 'utf8')
    const linked = [...map.matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) => join('docs', link!))
    const others = pages().filter((page) => !['README.md', 'docs/README.md'].includes(page))
    expect(others.filter((page) => !linked.includes(page))).toEqual([])
  })

  it.each(pages())('%s: links, variables and metrics that are there', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8')
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      expect([page, link, existsSync(join(ROOT, dirname(page), link!))]).toEqual([page, link, true])
    }
    const variables = [...VARIABLES.map(({ name }) => name as string), ...ofServers()]
    for (const [name] of text.matchAll(/MILLRACE_[A-Z]+[A-Z_]*[A-Z]/g)) expect(variables).toContain(name)
    const metrics = Object.values(METRICS).map(({ name }) => name as string)
    for (const [, name] of text.matchAll(/`(millrace_[a-z_]+)`/g)) {
      if (!['millrace_skipped', 'millrace_passed'].includes(name!)) expect(metrics).toContain(name)
    }
    for (const rules of of('yaml').filter((block) => block.page === page)) {
      for (const [name] of rules.text.matchAll(/millrace_[a-z_]+(?=[[)\s])/g)) {
        expect(metrics).toContain(name.replace(/_bucket$/, ''))
      }
    }
  })
})
