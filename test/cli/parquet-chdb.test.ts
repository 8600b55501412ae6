import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChdbConnection } from 'chdb/connection'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_MAPPING } from '../../src/cli/ingest/column-mapping.ts'
import { LOG_LIMITS } from '../../src/cli/ingest/event-chunk.ts'
import { openInput } from '../../src/cli/ingest/input.ts'
import { inputChunks } from '../../src/cli/ingest/input-chunks.ts'
import { BEGINNING } from '../../src/cli/ingest/record-splitter.ts'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { money, source, z } from '../../src/index.ts'

let folder: string
let chdb: ReturnType<typeof createChdbConnection>
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  chdb = createChdbConnection({ path: join(folder, 'chdb') })
})
afterAll(async () => {
  await chdb.close()
  rmSync(folder, { recursive: true })
})

const exported = source('exported', {
  schema: z.object({
    id: z.string(),
    at: z.iso.datetime({ offset: true }),
    seen: z.int().nullable(),
    card: z.string(),
    amount: money({ scale: 2 }),
    share: z.number().nullable(),
    ok: z.boolean().nullable(),
    status: z.enum(['approved', 'declined']),
  }),
  id: 'id',
  time: 'at',
  stream: { topic: 'exported' },
})
const { sources } = resolveModel(collect([{ file: 'definitions.ts', exports: { exported } }]))
const SOURCE = sources.get('exported')!

const ROWS = 30_000
const AT_MS = Date.UTC(2025, 0, 1)

const SELECT = `
  SELECT toUUID(concat('00000000-0000-0000-0000-', leftPad(hex(number), 12, '0'))) AS id,
    fromUnixTimestamp64Milli(toInt64(${AT_MS} + number * 1001), 'UTC') AS at,
    if(number % 5 = 0, NULL, toUInt64(number)) AS seen,
    toLowCardinality(concat('card é ', toString(number % 300))) AS card,
    toDecimal128(number, 2) / 100 AS amount,
    if(number % 7 = 0, NULL, number / 3) AS share,
    number % 2 = 0 AS ok,
    CAST(if(number % 3 = 0, 'approved', 'declined') AS Enum8('approved' = 1, 'declined' = 2)) AS status,
    [number] AS list
  FROM numbers(${ROWS})`

/** What the values must be, row by row. */
function expected(i: number): unknown[] {
  const id = `00000000-0000-0000-0000-${i.toString(16).padStart(12, '0')}`
  const share = i % 7 === 0 ? null : i / 3
  const status = i % 3 === 0 ? 'approved' : 'declined'
  return [id, AT_MS + i * 1_001, i % 5 === 0 ? null : i, `card é ${i % 300}`, i, share, i % 2 === 0, status]
}

describe('a file that ClickHouse wrote is read exactly', () => {
  it.each([
    ['none', ''],
    ['snappy', ''],
    ['gzip', 'output_format_parquet_row_group_size = 7000'],
    ['zstd', 'output_format_parquet_data_page_size = 5000'],
    ['lz4', "output_format_parquet_version = '1.0'"],
    ['brotli', 'output_format_parquet_use_custom_encoder = 0'],
  ])('compressed by %s, %s', async (codec, settings) => {
    const path = join(folder, `${codec}.parquet`)
    const all = [`output_format_parquet_compression_method = '${codec}'`, ...(settings === '' ? [] : [settings])]
    await chdb.command({
      query: `INSERT INTO FUNCTION file('${path}', 'Parquet') ${SELECT} SETTINGS ${all.join(', ')}`,
    })
    const reading = {
      source: SOURCE,
      input: openInput(path, null),
      delimiter: ',',
      mapping: NO_MAPPING,
      assumeUtc: false,
    }
    let row = 0
    const chunks = inputChunks(reading, {
      limits: LOG_LIMITS,
      from: BEGINNING,
      archivedThrough: null,
      signal: new AbortController().signal,
      onNote: (text) => expect(text).toBe('columns of the file that nothing is read from are left out: list'),
    })
    for await (const { refused, body } of chunks) {
      expect(refused).toEqual([])
      for (const line of Buffer.from(body).toString().split('\n')) {
        const { values } = SOURCE.parser.parse(JSON.parse(line))
        if (JSON.stringify(values) !== JSON.stringify(expected(row))) expect(values).toEqual(expected(row))
        row++
      }
    }
    expect(row).toBe(ROWS)
  })
})
