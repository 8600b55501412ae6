import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, differences } from '../../examples/handbook/comparison.ts'
import { generate } from '../../examples/handbook/generate.ts'
import { prepare } from '../../examples/handbook/prepare.ts'
import { type ProofOptions, type ProofResult, prove } from '../../examples/handbook/proof.ts'
import { naiveQuestions, publishedQuestions, type Question } from '../../examples/handbook/question.ts'
import { readEdges, readTies } from '../../examples/handbook/sample-files.ts'
import { seededRandom } from '../../examples/handbook/seeded-random.ts'
import { readTransactions } from '../../examples/handbook/transaction.ts'

const RUN = fileURLToPath(new URL('../../examples/handbook/run.ts', import.meta.url))

const PROOF_MS_MAX = 120_000

let folder: string
let small: string
let count: number

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-handbook-test-'))
  small = join(folder, 'small')
  count = generate({ out: small, customers: 40, terminals: 25, sampled: 20 })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the small data set', () => {
  test('has every edge and tie that it is there for', () => {
    const edges = readEdges(join(small, 'sample'))
    const kinds = new Set(edges.map(({ entity, age_days }) => `${entity} ${age_days}`))
    expect([...kinds].sort()).toEqual([
      'CUSTOMER 1',
      'CUSTOMER 30',
      'CUSTOMER 7',
      'TERMINAL 14',
      'TERMINAL 37',
      'TERMINAL 7',
      'TERMINAL 8',
    ])
    expect(readTies(join(small, 'sample')).length).toBeGreaterThan(5)
    expect(publishedQuestions(join(small, 'sample')).leftOut).toBeGreaterThan(0)
  })

  test.each(['customer_features', 'terminal_features'])(
    'is asked so that %s count every transaction once',
    (service) => {
      const everyone = naiveQuestions(join(small, 'raw'), join(small, 'sample'), seededRandom(1)).filter(
        (question) => question.about === 'everyone' && question.service === service,
      )
      const month = everyone.flatMap(({ expected }) => expected.filter(({ feature }) => /tx_count_30d/.test(feature)))
      expect(month.reduce((sum, { value }) => sum + value, 0)).toBe(count)
    },
  )
})

describe('prepare', () => {
  const read = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n')
  const cut_ms = Date.UTC(2018, 7, 1)

  test('parts the transactions at an instant', async () => {
    const [before, after] = [join(folder, 'before.ndjson'), join(folder, 'after.ndjson')]
    const first = await prepare({ raw: join(small, 'raw'), out: before, until_ms: cut_ms })
    const second = await prepare({ raw: join(small, 'raw'), out: after, from_ms: cut_ms })
    expect(first.lines + second.lines).toBe(count)
    expect([first.bytes, second.bytes]).toEqual([statSync(before).size, statSync(after).size])
    const ids = [...read(before), ...read(after)].map((line) => (JSON.parse(line) as { id: number }).id)
    expect(ids).toEqual([...readTransactions(join(small, 'raw'))].map(({ id }) => id))
  })

  test('shuffles and duplicates by a seed', async () => {
    const [plain, mixed, again] = ['plain', 'mixed', 'again'].map((name) => join(folder, `${name}.ndjson`)) as [
      string,
      string,
      string,
    ]
    const options = { raw: join(small, 'raw'), from_ms: cut_ms }
    const { lines } = await prepare({ ...options, out: plain })
    const more = await prepare({ ...options, out: mixed, shuffle: true, duplicate: 0.2, seed: 7 })
    await prepare({ ...options, out: again, shuffle: true, duplicate: 0.2, seed: 7 })
    expect(more.lines / lines).toBeCloseTo(1.2, 1)
    expect(read(again)).toEqual(read(mixed))
    expect(read(mixed).slice(0, lines)).not.toEqual(read(plain))
    expect([...new Set(read(mixed))].sort()).toEqual(read(plain).sort())
  })
})

describe('the comparison', () => {
  const question: Question = {
    service: 'customer_features',
    keys: { customer_id: 1 },
    at_ms: 5,
    about: 'transaction 9',
    expected: [
      { feature: 'n', kind: 'count', value: 2 },
      { feature: 'a', kind: 'average', value: 10.25 },
      { feature: 'r', kind: 'risk', value: 0 },
    ],
  }
  const right = { as_of: 5, features: { n: 2, a: 1025, r: null }, status: {} }

  test.each<[string, Answer | undefined, string[]]>([
    ['the right values', right, []],
    [
      'an average that is off by less than the tolerance',
      { ...right, features: { ...right.features, a: 1025.00000009 } },
      [],
    ],
    ['a wrong count', { ...right, features: { ...right.features, n: 3 } }, ['n is 3, not 2']],
    [
      'an average that is off by more',
      { ...right, features: { ...right.features, a: 1025.0000002 } },
      ['a is 1025.0000002, not 10.25'],
    ],
    ['a wrong risk', { ...right, features: { ...right.features, r: 0.5 } }, ['r is 0.5, not 0']],
    ['a value that is not there', { ...right, features: { n: 2, a: 1025 } }, ['r is undefined, not 0']],
    ['a value that is not ok', { ...right, status: { n: 'incomplete' } }, ['n is incomplete']],
    ['another instant', { ...right, as_of: 6 }, ['it is as of 6']],
    ['an error', { error: { code: 'X', message: 'no such key' } }, ['no such key']],
    ['nothing', undefined, ['no answer']],
  ])('judges %s', (_, answer, wrong) => {
    expect(differences(question, answer)).toEqual(
      wrong.map((text) => `transaction 9: customer_features {"customer_id":1} at 5: ${text}`),
    )
  })
})

describe('what is served is what was published', () => {
  const run = (name: string, options: Partial<ProofOptions>): Promise<ProofResult> =>
    prove({
      handbook: small,
      work: join(folder, name),
      cut_ms: Date.UTC(2018, 7, 1),
      overlap_ms: 0,
      shuffle: false,
      duplicate: 0,
      kills: 0,
      seed: 1,
      tell: () => {},
      ...options,
    })

  function expectRight({ published, naive }: ProofResult): void {
    expect([...published.shown, ...naive.shown]).toEqual([])
    expect(published.mismatches + naive.mismatches).toBe(0)
    expect(published.values).toBeGreaterThan(50_000)
    expect(naive.values).toBeGreaterThan(5_000)
  }

  test(
    'of a stream that follows the archive, through the example itself',
    async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', RUN, '--handbook', small, '--json'],
        { env: { ...process.env, HANDBOOK_DATA: '' } },
      )
      expectRight(JSON.parse(stdout) as ProofResult)
    },
    PROOF_MS_MAX,
  )

  test(
    'of an archive and a stream that overlap by a month, cut elsewhere',
    async () => {
      const day_ms = 86_400_000
      expectRight(await run('overlap', { cut_ms: Date.UTC(2018, 5, 17, 5, 23), overlap_ms: 30 * day_ms }))
    },
    PROOF_MS_MAX,
  )

  test(
    'of a stream in random order with a fifth of it twice',
    async () => expectRight(await run('shuffled', { shuffle: true, duplicate: 0.2 })),
    PROOF_MS_MAX,
  )

  test(
    'of processes that are killed at random moments',
    async () => {
      const many = join(folder, 'many')
      generate({ out: many, customers: 250, terminals: 120, sampled: 20 })
      const result = await run('killed', { handbook: many, cut_ms: Date.UTC(2018, 3, 20), kills: 3, seed: 3 })
      expectRight(result)
      expect(result.kills.length).toBe(3)
    },
    PROOF_MS_MAX,
  )

  test(
    'or it is found: one published value is made wrong',
    async () => {
      const wrong = join(folder, 'wrong')
      generate({ out: wrong, customers: 3, terminals: 3, days: 45, sampled: 3 })
      const file = join(wrong, 'sample', 'customers_0-2.csv.gz')
      const [header, first, ...rest] = gunzipSync(readFileSync(file)).toString().split('\n')
      const cells = first!.split(',')
      cells[6] = String(Number(cells[6]) + 1)
      writeFileSync(file, gzipSync([header, cells.join(','), ...rest].join('\n')))
      const failed = promisify(execFile)(process.execPath, [
        '--import',
        'tsx',
        RUN,
        '--handbook',
        wrong,
        '--cut',
        '2018-05-01',
      ])
      await expect(failed).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('1 wrong') })
    },
    PROOF_MS_MAX,
  )
})
