import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const LOADER = resolve(import.meta.dirname, 'load-folder.ts')
const ROOT = resolve(import.meta.dirname, '../..')

const COMMON = `import { entity, money, source, z } from 'millrace'
export const payments = source('payments', {
  schema: z.object({
    id: z.string(), at: z.iso.datetime({ offset: true }), card_id: z.string(),
    amount: money({ scale: 2 }), status: z.enum(['approved', 'declined']), note: z.string(),
  }),
  id: 'id',
  time: 'at',
})
export const logins = source('logins', { schema: z.object({ id: z.string(), at: z.int(), ip: z.string() }), id: 'id', time: 'at' })
export const card = entity('card', { key: { card_id: z.string() } })
`
const MILLRACE = `import { avg, count, entity, eq, featureGroup, featureService, gt, percentile, source, sum, z } from 'millrace'`
const OWN = `import { card, logins, payments } from '../lib/common.ts'`

/** A group whose feature stands at 7:5. \`#\` is the number of the case. */
const group = (feature: string) => `export const g = featureGroup('g#', {
  source: payments,
  entity: card,
  features: {
    ${feature}
  },
})`
/** A source whose option stands at 7:3. */
const ownSource = (option: string, schema = '') => `export const s = source('s#', {
  schema: z.object({ id: z.string(), at: z.int(), ok: z.boolean()${schema} }),
  ...{ id: 'id', time: 'at' },
  stream: { topic: 's#' },
  ${option}
} as never)`

/** What somebody writes wrongly in a file, and what \`check\` says of it: the place, the sentence and the cure. */
const CHECKED: readonly (readonly [what: string, text: string, says: string])[] = [
  [
    'a value that the enum lacks',
    group(`declines: count().where(eq(payments.status, 'denied' as never)).over('7d'),`),
    `:7:5: group g#: the feature 'declines' compares status with "denied", which is none of its values; write one of "approved", "declined"`,
  ],
  [
    'an amount in whole units',
    group(`big: count().where(gt(payments.amount, 99.99)).over('7d'),`),
    `:7:5: group g#: the feature 'big' compares amount with 99.99, which is none of its values; write minor units: at scale 2, 100 is one whole unit`,
  ],
  [
    'a sum of texts',
    group(`total: sum(payments.note as never).over('7d'),`),
    `:7:5: group g#: the feature 'total' asks for sum() of note, which is of type string; give it a column of type int, money, double`,
  ],
  [
    'a window in weeks',
    group(`n: count().over('1w' as never),`),
    `:7:5: group g#: the feature 'n' has the window '1w', which is not a duration; write a whole number of s, m, h or d, as '7d'`,
  ],
  [
    'a window of years',
    group(`n: count().over('730d'),`),
    `:7:5: group g#: the feature 'n' has the window '730d', which is too long; use '1s' to '400d'`,
  ],
  [
    'a window twice',
    group(`n: count().over('24h', '1d'),`),
    `:7:5: group g#: the feature 'n' has the windows '24h' and '1d', which are the same; keep one of them`,
  ],
  [
    'no window',
    group(`n: avg(payments.amount) as never,`),
    `:7:5: group g#: the feature 'n' has no window; end it with .over('7d')`,
  ],
  [
    'a column of another source',
    group(`n: count().where(eq(logins.ip, 'x') as never).over('7d'),`),
    `:7:5: group g#: the feature 'n' reads logins.ip, but the source of its group is payments; use columns of payments, or make a group with source: logins`,
  ],
  [
    'a name of a feature in camel case',
    group(`txCount: count().over('7d'),`),
    `:7:5: group g#: 'txCount' cannot be the name of a feature; use small letters, digits and single underscores between them, beginning with a letter, as tx_count`,
  ],
  [
    'a percentile of a share',
    group(`p: percentile(payments.amount, 101).over('7d'),`),
    `:7:5: group g#: the feature 'p' asks for the percentile 101; use a number above 0 and up to 100, with at most 6 decimals`,
  ],
  [
    'an entity that the source does not know',
    `export const g = featureGroup('g#', { source: logins, entity: card as never, features: { n: count().over('7d') } })`,
    `:3:56: group g#: source logins has no column 'card_id' for the key of entity card; map it to one of id, at, ip, as card.from({ card_id: 'column' })`,
  ],
  [
    'a replacement that is not there',
    `export const g = featureGroup('g#', {\n  source: payments,\n  entity: card,\n  features: { n: count().over('7d') },\n  deprecatedFeatures: { m: { why: 'wrong' } } as never,\n})`,
    `:7:25: group g#: deprecatedFeatures names 'm', which is no feature of the group; name one of n`,
  ],
  [
    'a lookback in weeks',
    ownSource(`lookback: '2w',`),
    `:7:3: source s#: lookback is '2w', which is not a duration; write a whole number of s, m, h or d, as '7d'`,
  ],
  [
    'a version that is no column',
    ownSource(`version: 'updated_at',`),
    `:7:3: source s#: version is "updated_at", which is no column; name one of id, at, ok`,
  ],
  [
    'an outcome that is no column',
    ownSource(`outcome: ['fraud'], version: 'v',`, ', v: z.int()'),
    `:7:3: source s#: outcome names 'fraud', which is no column; name some of id, at, ok, v`,
  ],
  [
    'a table with a hyphen',
    ownSource(`archive: { table: 'payments-auth' },`),
    `:7:14: source s#: archive.table "payments-auth" is not a name of a table; use letters, digits and underscores, as 'payments_auth' or 'fraud.payments_auth'`,
  ],
  [
    'a column that JSON cannot bring',
    ownSource('', `, born: z.date()`),
    `:4:68: source s#: born is z.date(), which is not in JSON; write z.iso.datetime({ offset: true }), or z.int() for epoch milliseconds`,
  ],
  [
    'an entity keyed by any number',
    `export const e = entity('e#', {\n  key: { account: z.number() },\n})`,
    `:4:10: entity e#: the key 'account' is z.number(), which can pass 2^53 and have decimals; write z.string(), or z.int() where it stays below 2^53`,
  ],
  [
    'a pick that is not there',
    `${group(`n: count().over('7d'),`)}\nexport const s = featureService('s#', {\n  event: payments,\n  features: [g.pick('n_30d' as never)],\n})`,
    `:12:3: service s#: it picks 'n_30d', which is no feature of g#; pick some of n_7d`,
  ],
  [
    'a derived value called as a feature',
    `${group(`n: count().over('7d'),`)}\nexport const s = featureService('s#', {\n  features: [g],\n  derive: { g#__n_7d: ({ f }) => f.g#__n_7d },\n})`,
    `:12:13: service s#: the derived value 'g#__n_7d' has the name of a feature; give it another name`,
  ],
  [
    'a request that JSON cannot carry',
    `${group(`n: count().over('7d'),`)}\nexport const s = featureService('s#', {\n  features: [g],\n  request: z.object({ at: z.date() }),\n})`,
    `:12:3: service s#: the request cannot be told in JSON: Date cannot be represented in JSON Schema; use types that JSON has, as z.string() or z.int()`,
  ],
]

/** What keeps a file from being loaded. */
const NOT_LOADED: typeof CHECKED = [
  [
    'a comma too few',
    `export const e = entity('e', { key: { a: z.string() } owner: 'o' })`,
    `:3:55: Expected "}" but found "owner"; correct the syntax`,
  ],
  [
    'a bracket too few',
    `export const e = entity('e', { key: { a: z.string() }`,
    `:3:54: Expected "}" but found end of file; correct the syntax`,
  ],
  ['a name twice', `const a = 1\nconst a = 2`, `:4:7: The symbol "a" has already been declared; correct the syntax`],
  [
    'a name that nobody defines',
    `export const s = sorce('s', {})`,
    `:3:18: ReferenceError: sorce is not defined; correct the definition: the file could not be loaded`,
  ],
  [
    'a name that millrace lacks',
    `import { source as s, windowed } from 'millrace'\nexport const a = [s, windowed]`,
    `:3: The requested module 'millrace' does not provide an export named 'windowed'; correct the definition: the file could not be loaded`,
  ],
  [
    'a file that is not there',
    `import { merchant } from '../lib/merchants.ts'\nexport const m = merchant`,
    `:3:26: Cannot find module 'FOLDER/lib/merchants.ts'; correct the path, or install the package`,
  ],
  [
    'a package that is not there',
    `import _ from 'no-such-package-of-ours'\nexport const m = _`,
    `:3:15: Cannot find package 'no-such-package-of-ours'; correct the path, or install the package`,
  ],
  [
    'a source without a schema',
    `export const s = source('s', { id: 'id', time: 'at' } as never)`,
    `:3:18: source 's' needs a schema, as schema: z.object({ id: z.string(), ... }); correct the definition: the file could not be loaded`,
  ],
  [
    'a group without an entity',
    `export const g = featureGroup('g', { source: payments, features: {} } as never)`,
    `:3:18: featureGroup 'g' needs an entity, as entity: card; correct the definition: the file could not be loaded`,
  ],
  [
    'a filter that is a comparison',
    `export const n = count().where((payments.amount > 5) as never)`,
    `:3:26: where() needs a filter, as where(eq(payments.status, 'declined')); correct the definition: the file could not be loaded`,
  ],
  [
    'a comparison with null',
    `export const n = count().where(eq(payments.note, null as never))`,
    `:3:32: eq() compares with a string, a finite number or a boolean, not with null: for null write isNull(column); correct the definition: the file could not be loaded`,
  ],
  [
    'a column that is misspelt',
    `export const n = sum((payments as any).amuont)`,
    `:3:18: sum() got undefined for a column: its source has none of that name; correct the definition: the file could not be loaded`,
  ],
]

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  mkdirSync(join(folder, 'lib'))
  writeFileSync(join(folder, 'lib/common.ts'), COMMON)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What is said of each file of a folder, by its case. */
async function problemsOf(name: string, cases: typeof CHECKED): Promise<ReadonlyMap<string, string[]>> {
  mkdirSync(join(folder, name))
  for (const [i, [, text]] of cases.entries()) {
    writeFileSync(join(folder, name, `case-${i}.ts`), [MILLRACE, OWN, text.replaceAll('#', String(i))].join('\n'))
  }
  const args = ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), LOADER, name]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  const { problems } = JSON.parse(stdout) as { problems: string[] }
  const of = (i: number) => problems.filter((problem) => problem.startsWith(`${name}/case-${i}.ts:`))
  const found = cases.map(([what], i): [string, string[]] => [
    what,
    of(i).map((problem) => problem.slice(`${name}/case-${i}.ts`.length)),
  ])
  expect(found.flatMap(([, all]) => all)).toHaveLength(problems.length)
  return new Map(found)
}

describe('files that are wrong, each told by its place, a sentence and a cure', () => {
  let found: ReadonlyMap<string, string[]>
  beforeAll(async () => {
    found = await problemsOf('checked', CHECKED)
  })

  it.each(CHECKED.map(([what, , says], i) => [what, says.replaceAll('#', String(i))] as const))('%s', (what, says) => {
    expect(found.get(what)).toEqual([says])
  })
})

describe('files that cannot be loaded, each told by its place, a sentence and a cure', () => {
  let found: ReadonlyMap<string, string[]>
  beforeAll(async () => {
    found = await problemsOf('loaded', NOT_LOADED)
  })

  it.each(NOT_LOADED.map(([what, , says]) => [what, says] as const))('%s', (what, says) => {
    expect(found.get(what)).toEqual([says.replace('FOLDER', folder)])
  })
})
