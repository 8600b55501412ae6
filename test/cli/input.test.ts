import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type InputFormat, openInput, type TextInput } from '../../src/cli/ingest/input.ts'
import { BEGINNING } from '../../src/cli/ingest/record-splitter.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function openText(path: string, format: InputFormat | null = null): TextInput {
  const input = openInput(path, format)
  if (input.format === 'parquet') throw new Error(`${path} is no text`)
  return input
}

async function read(path: string, bytes = 0, format: InputFormat | null = null): Promise<string> {
  const chunks: Buffer[] = []
  const from = bytes === 0 ? BEGINNING : { bytes, line: 1 }
  for await (const chunk of openText(path, format).open(from, PORTION_BYTES, new AbortController().signal))
    chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const PORTION_BYTES = 1_000_000

const TEXT = `${Array.from({ length: 200_000 }, (_, i) => `line ${i} é`).join('\n')}\n`
const MARK = '\ufeff'

describe('the bytes of a file, from its beginning and from a place in it on', () => {
  it.each([
    ['plain.ndjson', (text: string) => Buffer.from(text)],
    ['zipped.ndjson.gz', (text: string) => gzipSync(text)],
    ['zipped-by-another-name.csv', (text: string) => gzipSync(text)],
    [
      'two-members.csv.gz',
      (text: string) => Buffer.concat([gzipSync(text.slice(0, 1_000)), gzipSync(text.slice(1_000))]),
    ],
  ])('%s', async (name, pack) => {
    const place = 1_500_000
    for (const mark of ['', MARK]) {
      const path = file(name, pack(mark + TEXT))
      expect(await read(path)).toBe(TEXT)
      expect(await read(path, place)).toBe(Buffer.from(TEXT).subarray(place).toString())
    }
  })

  it('of an empty file, and of one that is shorter than a byte order mark', async () => {
    expect(await read(file('empty.ndjson', ''))).toBe('')
    expect(await read(file('short.ndjson', '{'))).toBe('{')
    expect(await read(file('mark.ndjson', MARK))).toBe('')
  })
})

it('knows a file by its content, not by its name', () => {
  const of = (name: string, content: string) => openInput(file(name, content), null).fingerprint
  const middle = 'x'.repeat(200_000)
  expect(of('a.ndjson', TEXT)).toBe(of('b.ndjson', TEXT))
  expect(of('c.ndjson', `1${middle}2`)).not.toBe(of('c.ndjson', `1${middle}3`))
  expect(of('c.ndjson', `1${middle}2`)).not.toBe(of('c.ndjson', `2${middle}2`))
  expect(of('c.ndjson', `1${middle}2`)).not.toBe(of('c.ndjson', `1x${middle}2`))
})

describe('formats', () => {
  it.each([
    ['a.ndjson', 'ndjson'],
    ['a.jsonl.gz', 'ndjson'],
    ['a.b.CSV', 'csv'],
    ['a.json', 'ndjson'],
  ])('%s is %s', (name, format) => {
    const content = name.endsWith('.gz') ? gzipSync('{}') : '{}'
    expect(openInput(file(name, content), null).format).toBe(format)
  })

  it('as they are given, whatever the name', () => {
    expect(openInput(file('a.txt', ''), 'csv').format).toBe('csv')
  })
})

describe('what cannot be read is refused with a cure', () => {
  it.each<[string, string | Uint8Array, string, string]>([
    [
      'array.json',
      ' [{"id": 1}]',
      'is one JSON array, and events are read line by line',
      `write each on a line of its own, as with jq -c '.[]' array.json > events.ndjson`,
    ],
    ['plain.csv.gz', 'a,b\n', 'is not compressed by gzip', 'name it by what it is'],
    [
      'events.txt',
      'a',
      'does not say what is in it',
      'name it .ndjson, .csv or .parquet, or give --format ndjson, csv or parquet',
    ],
  ])('%s', (name, content, message, cure) => {
    const path = file(name, content)
    expect(() => openInput(path, null)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), cure }),
    )
  })

  it('a file that is not there, or none', () => {
    expect(() => openInput(join(folder, 'nothing.csv'), null)).toThrow(
      `there is no file '${join(folder, 'nothing.csv')}'`,
    )
    expect(() => openInput(folder, null)).toThrow('is no file')
  })

  it.each<[string, Uint8Array, string]>([
    ['utf16.csv', Buffer.from('\ufeffid,at', 'utf16le'), 'is UTF-16, and only UTF-8 is read'],
    ['cut.csv.gz', gzipSync(TEXT).subarray(0, 100_000), 'ends in the middle of its compressed data'],
    ['damaged.csv.gz', gzipSync(TEXT).fill(0xaa, 50_000, 60_000), 'is damaged'],
  ])('%s, when it is read', async (name, content, message) => {
    await expect(read(file(name, content))).rejects.toThrow(message)
  })
})

it('ends early at the signal', async () => {
  const stop = new AbortController()
  const seen: number[] = []
  for await (const chunk of openText(file('long.ndjson', TEXT)).open(BEGINNING, PORTION_BYTES, stop.signal)) {
    seen.push(chunk.length)
    stop.abort()
  }
  expect(seen.length).toBe(1)
})
