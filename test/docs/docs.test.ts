import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ArgsDef } from 'citty'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { loadConfig } from '../../src/cli/config/load-config.ts'
import { VARIABLES } from '../../src/cli/config/variables.ts'
import { projectFiles } from '../../src/cli/init/project-files.ts'
import { loadDefinitions } from '../../src/cli/load-definitions.ts'
import { METRICS } from '../../src/cli/metric-table.ts'
import { hookTypeScript } from '../../src/cli/typescript-hook.ts'
import { collect } from '../../src/features/collect.ts'
import { resolve } from '../../src/features/resolve.ts'
import { compile, type Diagnostic } from '../types/compiler.ts'
import { type CodeBlock, codeBlocks, folderOf, pages, ROOT } from './code-blocks.ts'
import { FOLLOWED, isInProject } from './followed-pages.ts'
import { JUDGED, judgedBlock, judgeOf } from './judged-blocks.ts'
import { NOT_RUN } from './not-run.ts'
import { stepsOf } from './page-steps.ts'
import { isProgram, moduleOf, setCommon } from './snippets.ts'

const folder = join(ROOT, '.tmp', `docs-${process.pid}`)
const blocks = pages().flatMap((page) => codeBlocks(page))
const of = (language: string) => blocks.filter((block) => block.language === language)
const place = ({ page, line }: CodeBlock) => `${page}:${line}`

/** The files of a new project: pages go on in it. */
const ofProject = projectFiles({
  name: 'fraud-features',
  version: '9.9.9',
  dependency: '9.9.9',
  now_ms: Date.UTC(2026, 0, 9),
}).filter(({ path }) => /^(feature-defs|test)\//.test(path))

/** What a page writes down as files of its project, and those that are there before. */
const filesOf = (page: string) => [
  ...(isInProject(page) ? ofProject.map(({ path, text }) => ({ file: path, text })) : []),
  ...of('ts').filter((block) => block.page === page && block.file !== null),
]

/** Where each block was written, by its path. */
const written = new Map<string, CodeBlock>()

beforeAll(async () => {
  setCommon((await import('./common.ts')) as Readonly<Record<string, unknown>>)
  // These pages go on in a new project.
  for (const page of pages().filter(isInProject)) {
    for (const { path, text } of ofProject) {
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
    const { problems, model } = await loadDefinitions(join(folder, folderOf(page), 'feature-defs'))
    expect(problems).toEqual([])
    expect(model!.sources.size).toBeGreaterThan(0)
  })

  const defining = of('ts').filter((block) => block.file === null && !isProgram(block))

  it.each(defining.map((block) => [place(block), block]))('what %s defines has no problems', async (_, block) => {
    const file = join(folder, folderOf(block.page), `snippet-${block.line}.ts`)
    hookTypeScript(`${pathToFileURL(folder).href}/`)
    const exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    expect(resolve(collect([{ file, exports }])).problems).toEqual([])
  })

  const configs = of('ts').filter(({ file }) => file === 'millrace.config.ts')

  it.each(configs.map((block) => [place(block), block]))('%s is a configuration', async (_, { page }) => {
    const { redis, kafka, clickhouse } = await loadConfig({ file: null, env: {}, cwd: join(folder, folderOf(page)) })
    expect([redis, kafka, clickhouse]).not.toContain(null)
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

describe('what is done with every block', () => {
  const followed = new Set(
    [...FOLLOWED.keys()].flatMap((page) =>
      stepsOf(page).flatMap(({ block, shown }) => [block, ...(shown === null ? [] : [shown])].map(place)),
    ),
  )
  /** Pages that scripts/reference.ts writes: test/project/reference.test.ts compares them with the code. */
  const isGenerated = ({ page, language }: CodeBlock) =>
    language === 'text' && readFileSync(join(ROOT, page), 'utf8').includes('<!-- Made from the code')

  it.each(blocks.map((block) => [place(block), block.language, block]))(
    '%s, in %s, is compiled, followed or judged by a test of its own',
    (_, language, block) => {
      const does = [language === 'ts', followed.has(place(block)), judgeOf(block) !== null, isGenerated(block)]
      expect(does).toContain(true)
    },
  )

  it.each(Object.keys(JUDGED) as (keyof typeof JUDGED)[])('a test judges the %s', (name) => {
    expect(readFileSync(join(ROOT, JUDGED[name].by), 'utf8')).toContain(`judgedBlock('${name}')`)
    expect(judgeOf(judgedBlock(name))).toBe(JUDGED[name].by)
  })

  it('what is not run is in a page', () => {
    let text = of('sh')
      .map((block) => block.text)
      .join('\n')
    for (const { command } of NOT_RUN) {
      expect(text).toMatch(command)
      text = text.replace(command, ':')
    }
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

  it.each(pages())('%s: commands and flags that are there', async (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '')
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
    for (const [, script] of text.matchAll(/npm run ([a-z:-]+)/g)) expect(Object.keys(scripts)).toContain(script)
    for (const [, name, rest] of text.matchAll(/`(?:npx )?millrace ([a-z]+)([^`]*)`/g)) {
      const entry = COMMANDS.find((one) => one.name === name)
      expect([name, entry !== undefined]).toEqual([name, true])
      const { args } = await entry!.load()
      const known = ['help', ...Object.keys((await (typeof args === 'function' ? args() : args)) as ArgsDef)]
      for (const [, flag] of rest!.matchAll(/ --([a-z-]+)/g))
        expect([name, known]).toEqual([name, expect.arrayContaining([flag])])
    }
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
      if (!['millrace_skipped', 'millrace_passed', 'millrace_topics'].includes(name!)) expect(metrics).toContain(name)
    }
  })
})
