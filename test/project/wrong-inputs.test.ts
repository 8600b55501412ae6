import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')

/**
 * Where the mistakes are listed that somebody may make, each with the exact message that he gets: what is wrong, its value, and the cure.
 * By kind: the least number of them, the files under `test`, and the list in the file.
 */
const LISTS: readonly (readonly [
  kind: string,
  least: number,
  lists: readonly (readonly [file: string, list: string])[],
])[] = [
  [
    'definitions',
    150,
    [
      ['features/wrong-definitions.test.ts', 'wrong definitions'],
      ['features/wrong-sources.test.ts', 'wrong sources'],
      ['features/wrong-columns.test.ts', 'wrong columns'],
      ['features/wrong-streams.test.ts', 'wrong streams'],
      ['features/wrong-compute.test.ts', 'a wrong computed column is refused'],
      ['features/no-definition.test.ts', 'what makes no definition at all'],
      ['features/deprecation.test.ts', 'what is wrong with it'],
    ],
  ],
  [
    'files, with line and column',
    30,
    [
      ['cli/wrong-files.test.ts', 'files that are wrong, each told by its place, a sentence and a cure'],
      ['cli/wrong-files.test.ts', 'files that cannot be loaded, each told by its place, a sentence and a cure'],
    ],
  ],
  ['events', 40, [['features/wrong-events.test.ts', 'wrong events']]],
  ['requests', 30, [['serving/wrong-requests.test.ts', 'a wrong request is refused in a sentence']]],
  ['configurations', 50, [['cli/config.test.ts', 'what is wrong is named, with what to do']]],
  [
    'command lines',
    35,
    [['cli/wrong-usage.test.ts', 'a wrong command line is refused in one line, and nothing is done']],
  ],
]

/** How many tests each list has: `features/wrong-events.test.ts > wrong events`. */
let counts: ReadonlyMap<string, number>
beforeAll(async () => {
  const files = [...new Set(LISTS.flatMap(([, , lists]) => lists.map(([file]) => `test/${file}`)))]
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'list', ...files, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env, maxBuffer: 2 ** 24 })
  const found = new Map<string, number>()
  for (const { name, file } of JSON.parse(stdout) as { name: string; file: string }[]) {
    const list = `${file.slice(join(ROOT, 'test/').length)} > ${name.split(' > ')[0]}`
    found.set(list, (found.get(list) ?? 0) + 1)
  }
  counts = found
})

it.each(LISTS)('wrong %s: at least %d, each with its message', (_, least, lists) => {
  const listed = lists.map(([file, list]) => counts.get(`${file} > ${list}`) ?? 0)
  expect(Math.min(...listed)).toBeGreaterThan(0)
  expect(listed.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(least)
})
