import { createChdbConnection } from 'chdb/connection'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type NativeColumn, nativeBlocks } from '../../src/stores/archive/native-format.ts'
import { NativeWriter } from '../../src/stores/archive/native-writer.ts'
import { ArchiveError } from '../../src/stores/event-archive.ts'

const connection = createChdbConnection()
afterAll(() => connection.close())

/** The bytes of an answer. */
async function nativeBytes(sql: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const chunk of connection.chdb.queryStream(sql, { format: 'Native' })) pieces.push(chunk.raw())
  return Buffer.concat(pieces)
}

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

/** The rows of all blocks, with words as bigints. */
async function decode(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): Promise<unknown[][]> {
  const rows: unknown[][] = []
  for await (const block of nativeBlocks(cut(bytes, sizes))) {
    expect(block.rows).toBeGreaterThan(0)
    const cells = block.columns.map(cellsOf)
    for (let row = 0; row < block.rows; row++) rows.push(cells.map((cell) => cell(row)))
  }
  return rows
}

function cellsOf(column: NativeColumn): (row: number) => unknown {
  const { kind, values } = column
  if (kind !== 'words') return (row) => values[row]
  return (row) => BigInt(values[2 * row]!) + (BigInt(values[2 * row + 1]!) << 32n)
}

const TEXTS = ['', 'a', 'é', '🦀', 'a\0b', 'x'.repeat(127), 'x'.repeat(128), 'y'.repeat(20_000)]
const array = (texts: readonly string[]) => `[${texts.map((text) => `'${text}'`).join(', ')}]`

describe('blocks that ClickHouse wrote', () => {
  test.each([
    ['CAST(t AS String)', TEXTS],
    ['CAST(t AS Nullable(String))', TEXTS],
    ["nullIf(t, 'a')", TEXTS.map((text) => (text === 'a' ? null : text))],
    ['CAST(t AS LowCardinality(String))', TEXTS],
    ['CAST(t AS LowCardinality(Nullable(String)))', TEXTS],
    ["CAST(nullIf(t, 'a') AS LowCardinality(Nullable(String)))", TEXTS.map((text) => (text === 'a' ? null : text))],
    ['CAST(if(1, NULL, t) AS LowCardinality(Nullable(String)))', TEXTS.map(() => null)],
    ["toUInt64('18446744073709551615')", TEXTS.map(() => 2n ** 64n - 1n)],
    ['toFloat64(5e-324)', TEXTS.map(() => 5e-324)],
  ])('%s', async (sql, expected) => {
    const bytes = await nativeBytes(`SELECT ${sql} AS v FROM (SELECT arrayJoin(${array(TEXTS)}) AS t)`)
    expect(await decode(bytes)).toEqual(expected.map((value) => [value]))
  })

  test.each([200, 300, 70_000])('a dictionary of %i texts', async (count) => {
    const text = "CAST(concat('key ', toString(number)) AS LowCardinality(Nullable(String)))"
    const bytes = await nativeBytes(`SELECT ${text} AS v FROM numbers(${count}) SETTINGS max_block_size = 100000`)
    expect(await decode(bytes)).toEqual(Array.from({ length: count }, (_, i) => [`key ${i}`]))
  })

  test('an answer without rows has no block', async () => {
    expect(await decode(await nativeBytes("SELECT 1.5 AS v, CAST('a' AS LowCardinality(String)) WHERE 0"))).toEqual([])
  })

  test('cut anywhere, they are the same', async () => {
    const columns =
      "toFloat64(number) / 3, cityHash64(number), concat('é', toString(number % 50)), CAST(toString(number % 7) AS LowCardinality(Nullable(String)))"
    const bytes = await nativeBytes(`SELECT ${columns} FROM numbers(1000) SETTINGS max_block_size = 100`)
    const whole = await decode(bytes)
    expect(whole).toHaveLength(1_000)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
        expect(await decode(bytes, sizes)).toEqual(whole)
      }),
      { seed: 1, numRuns: 40 },
    )
    expect(await decode(bytes, [1])).toEqual(whole)
  })

  test('an answer that ends within a block is an error, wherever it ends', async () => {
    const bytes = await nativeBytes("SELECT toFloat64(number), CAST('abc' AS LowCardinality(String)) FROM numbers(3)")
    for (let length = 1; length < bytes.length; length++) {
      await expect(decode(bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(/cut off within a block/)
    }
  })

  test('a type that is not read is named', async () => {
    const bytes = await nativeBytes('SELECT toInt8(1) AS small')
    await expect(decode(bytes)).rejects.toThrow('the archive answered column small as Int8, which is not read')
    await expect(decode(bytes)).rejects.toBeInstanceOf(ArchiveError)
  })
})

describe('blocks that we write', () => {
  test('come back as they were', async () => {
    const texts = fc.array(fc.option(fc.string({ unit: 'binary', maxLength: 200 })), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(texts, async (maybe) => {
        const plain = maybe.map((text) => text ?? 'none')
        const doubles = plain.map((text) => text.length / 3)
        const writer = new NativeWriter(3, maybe.length)
        writer.strings('maybe', true, maybe)
        writer.strings('plain', false, plain)
        writer.doubles('doubles', false, doubles)
        expect(await decode(writer.finish())).toEqual(maybe.map((text, i) => [text, plain[i], doubles[i]]))
      }),
      { seed: 2, numRuns: 200 },
    )
  })

  test('half of a surrogate pair is written as U+FFFD, as UTF-8 has no bytes for it', async () => {
    const writer = new NativeWriter(1, 1)
    writer.strings('v', false, ['a\ud800b'])
    expect(await decode(writer.finish())).toEqual([['a\ufffdb']])
  })

  test('a column of another length is refused', () => {
    expect(() => new NativeWriter(1, 2).bools('v', false, [true])).toThrow('column v has 1 values for 2 rows')
  })
})
