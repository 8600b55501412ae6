import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { definitionFiles } from '../../src/cli/definition-files.ts'

// A test runner has module hooks of its own, so files are loaded in a process like that of the command line.
const LOADER = fileURLToPath(new URL('load-folder.ts', import.meta.url))
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

interface Loaded {
  readonly files: readonly string[]
  readonly features: readonly string[] | null
  readonly problems: readonly string[]
}

/** Loads a folder in a new process, which is in the folder above it. */
async function load(name = 'defs'): Promise<Loaded> {
  const args = ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), LOADER, name]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  return JSON.parse(stdout) as Loaded
}

const SOURCE = `
import { source, z } from 'millrace'
import { z as own } from 'zod'
if (z !== own) throw new Error('two copies of zod')
export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: own.int(), card_id: z.string() }), id: 'id', time: 'at',
})`

const groupOf = (name: string, from: string) => `
import { count, featureGroup } from 'millrace'
import { card } from '${from}entities/card'
import { payments } from '${from}payments.ts'
interface Unused { readonly a: string }
export const group = featureGroup('${name}', { source: payments, entity: card, features: { n: count().over('7d') } })
await Promise.resolve()`

const CARD = `import { entity, z } from 'millrace'; export const card = entity('card', { key: { card_id: z.string() } })`

describe('definitions are found and loaded', () => {
  it('in sub-folders, in TypeScript and JavaScript, and tests and types are left alone', async () => {
    write({
      'defs/payments.ts': SOURCE,
      'defs/entities/card.mts': CARD,
      'defs/a/group.ts': groupOf('in_ts', '../').replace('entities/card', 'entities/card.mts'),
      'defs/b/group.mjs': groupOf('in_mjs', '../')
        .replace('entities/card', 'entities/card.mts')
        .replace(/interface.*/, ''),
      'defs/payments.test.ts': 'throw new Error()',
      'defs/types.d.ts': 'export type A = string',
      'defs/.hidden/x.ts': 'throw new Error()',
      'defs/node_modules/x/index.js': 'throw new Error()',
      'defs/notes.md': '#',
    })
    expect(await load()).toEqual({
      files: ['defs/a/group.ts', 'defs/b/group.mjs', 'defs/entities/card.mts', 'defs/payments.ts'],
      features: ['in_ts__n_7d', 'in_mjs__n_7d'],
      problems: [],
    })
  })

  it.each(['commonjs', 'module', undefined])('where package.json says type %s', async (type) => {
    write({
      ...(type === undefined ? {} : { 'package.json': JSON.stringify({ type }) }),
      // Its settings are not about definitions.
      'tsconfig.json': '{ "extends": "./nothing.json", nonsense',
      'defs/payments.ts': SOURCE,
      'defs/entities/card.ts': CARD,
      'defs/group.ts': groupOf('g', './'),
      'defs/more.js': groupOf('h', './').replace(/interface.*/, ''),
    })
    expect(await load()).toMatchObject({ features: ['g__n_7d', 'h__n_7d'], problems: [] })
  })

  it('through a link to the folder, each file once', async () => {
    write({ 'real/payments.ts': SOURCE, 'real/entities/card.ts': CARD, 'real/group.ts': groupOf('g', './') })
    symlinkSync(join(folder, 'real'), join(folder, 'defs'))
    const { features, files, problems } = await load()
    expect({ features, problems }).toEqual({ features: ['g__n_7d'], problems: [] })
    expect(files[0]).toBe('defs/entities/card.ts')
  })

  it('of this project, as they lie there', async () => {
    const { features, problems } = await load(join(ROOT, 'feature-defs'))
    expect(problems).toEqual([])
    expect(features).toContain('card_velocity__tx_count_7d')
  })
})

describe('what cannot be loaded is told with its place, and no stack', () => {
  it('in a folder whose name has blanks and brackets', async () => {
    write({
      'my defs (1)/card.ts': CARD,
      'my defs (1)/import.ts': `import {\n  card,\n} from './crad.ts'\nexport const a = card`,
      'my defs (1)/throws.ts': `const f = () => {\n  throw new Error('no')\n}\nf()`,
      'my defs (1)/top.ts': `\nthrow new Error('no')`,
    })
    const { problems } = await load(join(folder, 'my defs (1)'))
    expect(problems.map((problem) => problem.replaceAll(folder, ''))).toEqual([
      "/my defs (1)/import.ts:3:8: Cannot find module '/my defs (1)/crad.ts'; correct the path, or install the package",
      '/my defs (1)/throws.ts:2:9: no; correct the definition: the file could not be loaded',
      '/my defs (1)/top.ts:2:7: no; correct the definition: the file could not be loaded',
    ])
  })

  it('each file by itself, and what follows from it not at all', async () => {
    write({
      'defs/good.ts': SOURCE,
      'defs/syntax.ts': `import { z } from 'millrace'\nconst a: string = 'x'\n\nexport const b = a +* 2`,
      'defs/follows.ts': `import { b } from './syntax.ts'\nexport const c = b`,
      'defs/throws.ts': `interface A { readonly a: string }\nfunction f(a: A): never {\n  throw new Error('no ' + a.a)\n}\nexport const x = f({ a: 'y' })`,
      'defs/refused.ts': `import { source } from 'millrace'\n\nexport const s = source('s', {} as never)`,
      'defs/reference.ts': `export const s = sourc('s')`,
      'defs/name.ts': `import { nothing } from 'millrace'\nexport const a = nothing`,
      'defs/module.ts': `import { a } from './nowhere.ts'\nexport const b = a`,
      'defs/package.ts': `import { a } from 'no-such-package-of-ours'\nexport const b = a`,
      'defs/text.ts': `throw 'a text'`,
    })
    const { features, problems } = await load()
    expect(features).toBeNull()
    expect(problems).toEqual([
      'defs/syntax.ts:4:21: Unexpected "*"; correct the syntax',
      `defs/module.ts:1:19: Cannot find module '${folder}/defs/nowhere.ts'; correct the path, or install the package`,
      `defs/name.ts:1: The requested module 'millrace' does not provide an export named 'nothing'; correct the definition: the file could not be loaded`,
      `defs/package.ts:1:19: Cannot find package 'no-such-package-of-ours'; correct the path, or install the package`,
      'defs/reference.ts:1:18: ReferenceError: sourc is not defined; correct the definition: the file could not be loaded',
      `defs/refused.ts:3:18: source 's' needs a schema, as schema: z.object({ id: z.string(), ... }); correct the definition: the file could not be loaded`,
      'defs/text.ts: a text; correct the definition: the file could not be loaded',
      'defs/throws.ts:3:9: no y; correct the definition: the file could not be loaded',
    ])
  })

  it('what is wrong with definitions that load, by place and name', async () => {
    write({ 'defs/payments.ts': SOURCE.replace(`time: 'at'`, `time: 'when' as never`) })
    expect((await load()).problems).toEqual([
      `defs/payments.ts:6:87: source payments: time is "when", which is no column; name one of id, at, card_id`,
    ])
  })
})

describe('a problem is told at the line that is wrong', () => {
  const FIRST = `import { count, entity, featureGroup, featureService, source, z } from 'millrace'
interface Nothing { readonly of: string }
// A type that goes away: lines are those of the file as it was written.
export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), card_id: z.string(), /* 'born': { */ born: z.bigint() }),
  id: 'id',
  time: 'at',
  stream: { topic: 'a b' },
  archive: {
    table: 'a',
    columns: {
      nothing: 'x',
    } as never,
  },
})
export const card = entity('card', { key: { card_id: z.string() }, tags: 'pci' as never })
`
  it.each<[what: string, text: string, place: string, message: string]>([
    ['a column', '', '5:88', 'born is z.bigint()'],
    ['an option of an option', '', '8:13', 'stream.topic'],
    ['one further down', '', '12:7', 'archive.columns maps'],
    ['an option of an entity', '', '16:68', 'tags is not a list'],
    [
      'a feature',
      `export const g = featureGroup('g', {\n  source: payments,\n  entity: card,\n  features: {\n    ok: count().over('7d'),\n    bad: count()\n      .over('1w' as never),\n  },\n})`,
      '22:5',
      `the feature 'bad' has the window '1w'`,
    ],
    [
      'a feature that a function makes',
      `const of = (window: string) => count().over(window as never)\nconst features = {\n  bad: of('1w'),\n}\nexport const g = featureGroup('g', { source: payments, entity: card, features })`,
      '17:40',
      `the feature 'bad' has the window '1w'`,
    ],
    [
      'a feature without a window',
      `const bad = count()\nexport const g = featureGroup('g', { source: payments, entity: card, features: { ...{ bad } } as never })`,
      '17:13',
      `the feature 'bad' has no window`,
    ],
    [
      'a group that a function makes',
      `const make = (name: string) =>\n  featureGroup(name, { source: payments, entity: card, features: { n: count().over('7d') } })\nexport const g = make('G')`,
      '18:3',
      `'G' cannot be the name of a group`,
    ],
    [
      'a derived value',
      `const g = featureGroup('g', { source: payments, entity: card, features: { n: count().over('7d') } })\nexport const s = featureService('s', {\n  features: [g],\n  derive: {\n    fine: ({ f }) => ({ Bad: 1, of: [f.g__n_7d] }).Bad,\n    Bad: () => 1,\n  },\n})`,
      '22:5',
      `'Bad' cannot be the name of a derived value`,
    ],
    [
      'what is there twice',
      `export const other = entity('card', {\n  key: { card_id: z.string() },\n})`,
      '17:22',
      `another entity is called 'card'`,
    ],
  ])('%s', async (_, text, place, message) => {
    write({ 'defs/all.ts': FIRST + text })
    const { problems } = await load()
    expect(problems).toContainEqual(expect.stringContaining(message))
    const found = problems.find((problem) => problem.includes(message))!
    expect(found).toMatch(new RegExp(`^defs/all.ts:${place}: `))
  })

  it('in the file where it is written, though another one exports it', async () => {
    write({
      'defs/a.ts': `export { card } from '../lib/card.ts'`,
      'lib/card.ts': `import { entity } from 'millrace'\n\nexport const card = entity('card', {\n  key: {},\n})`,
    })
    expect((await load()).problems).toEqual([
      `${folder}/lib/card.ts:4:3: entity card: its key has no parts; name at least one, as key: { card_id: z.string() }`,
    ])
  })
})

describe('a folder that holds no definitions is refused', () => {
  it.each([
    ['nothing', () => {}, `--defs: there is no folder 'PATH'`, 'give the folder of your definition files'],
    ['file', () => write({ file: '' }), `--defs: 'PATH' is a file`, 'give the folder that it lies in'],
    [
      'empty',
      () => write({ 'empty/a.test.ts': '', 'empty/b.json': '' }),
      `--defs: 'PATH' has no definition files`,
      'add a .ts file that exports source(), entity(), featureGroup() and featureService()',
    ],
  ])('%s', (name, make, message, cure) => {
    make()
    const path = join(folder, name)
    expect(() => definitionFiles(path)).toThrow(
      expect.objectContaining({ message: message.replace('PATH', path), cure, exitCode: 2 }),
    )
  })
})
