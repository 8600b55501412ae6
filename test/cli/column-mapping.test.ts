import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ingest } from '../../src/cli/ingest/ingest.ts'
import { openInput } from '../../src/cli/ingest/input.ts'
import { type MappingFlags, readMapping } from '../../src/cli/ingest/mapping-flags.ts'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { source as defineSource, z } from '../../src/index.ts'
import { MemoryBackend, model } from './memory-backend.ts'
import { parquetBytes, TEXT, timestamp } from './parquet-writing.ts'

const source = model.sources.get('payments')!

let folder: string
let backend: MemoryBackend
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  backend = await MemoryBackend.open()
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const mappingOf = (flags: Partial<MappingFlags>) => readMapping(source, { map: [], mapFile: null, set: [], ...flags })

/** Ingests a file by the names that the flags give, and answers the events of the log. */
async function events(path: string, flags: Partial<MappingFlags>, notes: string[] = []): Promise<unknown[]> {
  const report = await ingest(
    {
      source,
      road: 'log',
      input: openInput(path, null),
      delimiter: ',',
      mapping: mappingOf(flags),
      assumeUtc: false,
      data: join(folder, 'data'),
      rejectedFile: null,
      again: false,
      limits: null,
    },
    backend,
    { signal: new AbortController().signal, onProgress: () => {}, onNote: (text) => notes.push(text) },
  )
  expect(report.state.rejected).toBe(0)
  const { values } = await backend.log.read('payments', 0, 0, 100)
  return values.map((value) => source.parser.parseBytes(value).values)
}

const AT_MS = Date.UTC(2025, 0, 1)
const NAMES = ['Tx No.', 'booked.at', 'cardNo', "O'Brien, amount"]
const MAP = ['id=Tx No.,at=booked.at,card=cardNo', "amount=O'Brien, amount"]
const ROW = ['p1', AT_MS, 'c1', '1.23']
const EVENT = ['p1', AT_MS, 'c1', 123, null, null]

const FILES: Readonly<Record<string, string | Buffer>> = {
  'events.csv': `${NAMES.map((name) => `"${name}"`).join(',')},card,x\n${ROW.join(',')},wrong,9\n`,
  'events.ndjson': `${JSON.stringify({ ...Object.fromEntries(NAMES.map((name, i) => [name, ROW[i]])), card: 'wrong' })}\n`,
  'events.parquet': parquetBytes([
    ...NAMES.map((name, i) =>
      i === 1 ? { name, element: timestamp('MILLIS'), data: [BigInt(AT_MS)] } : { name, element: TEXT, data: [ROW[i]] },
    ),
    { name: 'card', element: TEXT, data: ['wrong'] },
  ]),
}

describe.each(Object.entries(FILES))('%s, whose names are others', (name, content) => {
  it('is read by a mapping, by flags and by a file', async () => {
    expect(await events(write(name, content), { map: MAP })).toEqual([EVENT])
    backend = await MemoryBackend.open()
    const mapFile = write('names.json', JSON.stringify({ id: NAMES[0], at: NAMES[1], card: NAMES[2] }))
    const flags = { mapFile, map: MAP.slice(1) }
    rmSync(join(folder, 'data'), { recursive: true })
    expect(await events(join(folder, name), flags)).toEqual([EVENT])
  })

  it('takes constants for what it lacks, and in place of what it has', async () => {
    const set = ['note=a, b', 'ok=true,card=c9']
    const map = ['id=Tx No.,at=booked.at', MAP[1]!]
    expect(await events(write(name, content), { map, set })).toEqual([['p1', AT_MS, 'c9', 123, true, 'a, b']])
  })

  it('says which mapped name it lacks, before anything is sent', async () => {
    let calls = 0
    backend.onPost = () => calls++
    await expect(
      events(write(name, content), { map: [MAP[1]!, 'id=tx no.,at=booked.at,card=CardNr'] }),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'FILE_COLUMNS',
        message: expect.stringMatching(/has no column 'tx no\.', which --map gives for id$/),
        cure: "did you mean 'Tx No.'?",
      }),
    )
    expect(calls).toBe(0)
  })
})

it('tells the columns of a file that nothing is read from, also those that a constant stands for', async () => {
  const notes: string[] = []
  await events(
    write('events.csv', FILES['events.csv']!),
    { map: ['id=Tx No.,at=booked.at', MAP[1]!], set: ['card=c9'] },
    notes,
  )
  expect(notes).toEqual([expect.stringMatching(/are left out: cardNo, card, x$/)])
})

describe('a file without a mapping', () => {
  it('is told how to map what it lacks', async () => {
    const path = write('near.csv', 'id,at,Card,Amount\n')
    await expect(events(path, {})).rejects.toThrow(
      expect.objectContaining({
        message: "the header of the file lacks the columns 'card', 'amount' of payments",
        cure: 'say under which names they are: --map card=Card,amount=Amount',
      }),
    )
    const far = write('far.csv', 'id,at,pan,Amt No.1\n')
    await expect(events(far, {})).rejects.toThrow(
      expect.objectContaining({
        cure: "say under which names they are, as --map 'card=<name in the file>': the file has 'pan', 'Amt No.1'",
      }),
    )
  })

  it('is read by the names of the archive table, of which a mapped one is none', async () => {
    const path = write('archive.csv', 'occurred,cardNo,amount,tx\n1735689600000,c1,5,p1\n')
    expect(await events(path, { map: ['id=tx'] })).toEqual([['p1', AT_MS, 'c1', 500, null, null]])
  })
})

describe('JSON lines', () => {
  it('may lack a field that may be null, which is told', async () => {
    const notes: string[] = []
    const line = JSON.stringify({ id: 'p1', at: AT_MS, card: 'c1', amount: 5 })
    await events(write('events.ndjson', `${line}\n${line}\n`), { map: ['note=Bemerkung'] }, notes)
    expect(notes).toEqual([
      `${join(folder, 'events.ndjson')}, in its first 2 lines, has no column 'Bemerkung', given for note`,
    ])
  })

  it('keep fields that nobody named, and one that two columns are read from', async () => {
    const line = JSON.stringify({ id: 'p1', at: AT_MS, amount: 5, extra: { deep: [1] } })
    await events(write('events.ndjson', line), { map: ['card=id,id=id'] })
    const { values } = await backend.log.read('payments', 0, 0, 1)
    expect(JSON.parse(Buffer.from(values[0]!).toString())).toEqual({
      at: AT_MS,
      amount: 5,
      extra: { deep: [1] },
      card: 'p1',
      id: 'p1',
    })
  })
})

describe('flags that name no column are refused', () => {
  it.each<[string, Partial<MappingFlags>, string, string | null]>([
    ['unknown', { map: ['crad=x'] }, "--map: payments has no column 'crad'", "did you mean 'card'?"],
    ['unknown constant', { set: ['curency=EUR'] }, "--set: payments has no column 'curency'", null],
    ['twice', { map: ['card=x', 'card=y'] }, "--map names 'card' twice", 'give each column once'],
    ['mapped and set', { map: ['card=x'], set: ['card=y'] }, "--map and --set both name 'card'", null],
    [
      'no pair',
      { map: ['card'] },
      "--map: 'card' is not a column and what stands for it",
      'write --map card_id=cardNo',
    ],
    ['no name', { map: ['card='] }, "--map: 'card=' is not a column and what stands for it", null],
    ['a bad constant', { set: ['amount=1.234'] }, '--set: amount: "1.234" has more than 2 decimals', null],
    ['a bad constant', { set: ['ok=maybe'] }, '--set: ok: "maybe" is not true or false', null],
  ])('%s: %o', (_, flags, message, cure) => {
    expect(() => mappingOf(flags)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(message),
        ...(cure === null ? {} : { cure }),
      }),
    )
  })

  it('a mapping file says what is wrong with it', () => {
    for (const [content, message] of [
      ['[]', 'holds no JSON object'],
      ['{', 'cannot be read: '],
      ['{"card": 7}', `--map-file: 'card' is 7, which is no name`],
      ['{"crad": "x"}', "--map-file: payments has no column 'crad'"],
    ] as const)
      expect(() => mappingOf({ mapFile: write('names.json', content) })).toThrow(message)
    expect(() => mappingOf({ mapFile: join(folder, 'absent.json') })).toThrow('ENOENT')
  })

  it('a mapping file may begin with the mark of Windows', () => {
    expect(mappingOf({ mapFile: write('names.json', '\uFEFF{"card": "cardNo"}') }).names.get('card')).toBe('cardNo')
  })

  it('a computed column is said to be one', () => {
    const computing = defineSource('payments', {
      schema: z.object({ id: z.string(), at: z.int(), pan: z.string() }),
      id: 'id',
      time: 'at',
      compute: { bin: { version: 1, type: z.string(), of: ({ pan }) => pan.slice(0, 6) } },
    })
    const [model] = resolveModel(collect([{ file: 'definitions.ts', exports: { computing } }])).sources.values()
    for (const flag of ['map', 'set'] as const) {
      expect(() => readMapping(model!, { map: [], mapFile: null, set: [], [flag]: ['bin=x'] })).toThrow(
        expect.objectContaining({
          message: `--${flag}: 'bin' is a computed column of payments`,
          cure: 'leave it out: no file has it',
        }),
      )
    }
  })
})
