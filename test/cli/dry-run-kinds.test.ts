import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DryRunReport, dryRun } from '../../src/cli/ingest/dry-run.ts'
import { openInput } from '../../src/cli/ingest/input.ts'
import { type MappingFlags, readMapping } from '../../src/cli/ingest/mapping-flags.ts'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { source, z } from '../../src/index.ts'
import { INT64, parquetBytes, TEXT } from './parquet-writing.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const schema = z.object({ id: z.string(), at: z.int() })
/** Events of a topic that others share: those whose `type`, which is no column, is one of two. */
const purchases = source('purchases', {
  schema,
  id: 'id',
  time: 'at',
  stream: { topic: 'shared', where: { type: ['purchase', 7] } },
  archive: { table: 'purchases' },
})
/** Messages of texts parted by blanks, each with several events. */
const packed = source('packed', {
  schema,
  id: 'id',
  time: 'at',
  stream: {
    topic: 'packed',
    decode: (message) =>
      Buffer.from(message)
        .toString()
        .split(' ')
        .map((id) => ({ id, at: AT_MS })),
  },
  archive: { table: 'packed' },
})
const AT_MS = Date.UTC(2025, 0, 1)
const { sources } = resolveModel(collect([{ file: 'definitions.ts', exports: { purchases, packed } }]))

const mappingOf = (of: string, flags: Partial<MappingFlags> = {}) =>
  readMapping(sources.get(of)!, { map: [], mapFile: null, set: [], ...flags })

function run(
  of: string,
  name: string,
  content: string | Buffer,
  road: 'log' | 'archive',
  flags: Partial<MappingFlags> = {},
): Promise<DryRunReport> {
  const path = join(folder, name)
  writeFileSync(path, content)
  const input = openInput(path, null)
  const mapping = mappingOf(of, flags)
  const task = { source: sources.get(of)!, input, delimiter: ',', mapping, assumeUtc: false, road }
  return dryRun(task, null, { signal: new AbortController().signal, onProgress: () => {}, onNote: () => {} })
}

const KINDS = ['purchase', 'refund', '7']
const parquet = (kinds: boolean) =>
  parquetBytes([
    { name: 'id', element: TEXT, data: KINDS.map((_, i) => `p${i}`) },
    { name: 'at', element: INT64, data: KINDS.map(() => BigInt(AT_MS)) },
    ...(kinds ? [{ name: 'type', element: TEXT, data: KINDS }] : []),
  ])
const csv = (kinds: boolean) =>
  [`id,at${kinds ? ',type' : ''}`, ...KINDS.map((kind, i) => `p${i},${AT_MS}${kinds ? `,${kind}` : ''}`)].join('\n')

describe('a source that takes one kind of a shared topic', () => {
  it.each(['log', 'archive'] as const)(
    'takes all rows of a file that does not tell kinds, into the %s',
    async (road) => {
      expect(await run('purchases', 'plain.csv', csv(false), road)).toMatchObject({ good: 3, bad: 0, unused: [] })
      expect(await run('purchases', 'plain.parquet', parquet(false), road)).toMatchObject({ good: 3, bad: 0 })
    },
  )

  it.each(['log', 'archive'] as const)('refuses rows of other kinds of one that does, into the %s', async (road) => {
    for (const [name, content] of [
      ['kinds.csv', csv(true)],
      ['kinds.parquet', parquet(true)],
    ] as const) {
      const { good, bad, reasons, unused } = await run('purchases', name, content, road)
      expect({ good, bad, unused }).toEqual({ good: 2, bad: 1, unused: [] })
      expect(reasons[0]!.example).toMatch(/^type: "refund" /)
    }
  })

  it.each(['log', 'archive'] as const)(
    'takes the kind by --set, in place of what a file says, into the %s',
    async (road) => {
      for (const [name, content] of [
        ['kinds.csv', csv(true)],
        ['kinds.parquet', parquet(true)],
        ['plain.csv', csv(false)],
        ['plain.parquet', parquet(false)],
        ['lines.ndjson', KINDS.map((kind) => JSON.stringify({ id: 'p', at: AT_MS, type: kind })).join('\n')],
        ['plain.ndjson', KINDS.map((_, i) => JSON.stringify({ id: `p${i}`, at: AT_MS })).join('\n')],
      ] as const) {
        expect(await run('purchases', name, content, road, { set: ['type=7'] })).toMatchObject({ good: 3, bad: 0 })
      }
    },
  )

  it.each(['log', 'archive'] as const)(
    'takes the kind by --map from where the file has it, into the %s',
    async (road) => {
      const flags = { map: ['type=Art'] }
      for (const [name, content] of [
        ['kinds.csv', csv(true).replace(',type', ',Art')],
        [
          'kinds.ndjson',
          KINDS.map((kind) => `{"id":"p","at":${AT_MS},"Art":${kind === '7' ? 7 : `"${kind}"`}}`).join('\n'),
        ],
      ] as const) {
        const { good, bad, reasons } = await run('purchases', name, content, road, flags)
        expect([good, bad, reasons[0]!.example]).toEqual([2, 1, expect.stringMatching(/^type: "refund" /)])
      }
      await expect(run('purchases', 'plain.csv', csv(false), road, flags)).rejects.toThrow(
        "the header of the file has no column 'Art', which --map gives for type",
      )
    },
  )

  it('refuses a kind that is not taken, and one of a source that takes all', () => {
    expect(() => mappingOf('purchases', { set: ['type=refund'] })).toThrow(
      '--set: type: "refund" is another kind than purchases takes',
    )
    expect(() => mappingOf('packed', { set: ['type=refund'] })).toThrow("--set: packed has no column 'type'")
  })

  it('wants the kind in lines of JSON for the log, as in messages', async () => {
    const line = { id: 'p', at: AT_MS }
    const lines = [line, { ...line, type: 7 }, { ...line, type: 'refund' }].map((one) => JSON.stringify(one)).join('\n')
    expect(await run('purchases', 'lines.ndjson', lines, 'log')).toMatchObject({ good: 1, bad: 2, unused: [] })
  })
})

it('a source that decodes its messages has its lines decoded for the log, and rows for the archive', async () => {
  expect(await run('packed', 'messages.ndjson', 'a b c\nd\n', 'log')).toMatchObject({ good: 2, bad: 0, unused: [] })
  expect(await run('packed', 'rows.ndjson', `{"id":"a","at":${AT_MS},"x":1}\n`, 'archive')).toMatchObject({
    good: 1,
    unused: ['x'],
  })
})
