import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ingest } from '../../src/cli/ingest/ingest.ts'
import { openInput } from '../../src/cli/ingest/input.ts'
import { readMapping } from '../../src/cli/ingest/mapping-flags.ts'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { topicRouter } from '../../src/features/topic-router.ts'
import { source, z } from '../../src/index.ts'
import { MemoryBackend } from './memory-backend.ts'
import { INT64, parquetBytes, TEXT } from './parquet-writing.ts'

// Two sources share a topic by a field that is a column of neither: what a file brings into the log must say its kind.

const schema = z.object({ id: z.string(), at: z.int() })
const sourceOf = (name: string, kinds: readonly number[]) =>
  source(name, {
    schema,
    id: 'id',
    time: 'at',
    stream: { topic: 'bank', where: { kind: kinds } },
    archive: { table: name },
  })
const exports = { transfers: sourceOf('transfers', [1, 2]), logins: sourceOf('logins', [3]) }
const model = resolveModel(collect([{ file: 'definitions.ts', exports }]))
const route = topicRouter([...model.sources.values()])
const AT_MS = Date.UTC(2025, 0, 1)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Flags {
  readonly map?: readonly string[]
  readonly set?: readonly string[]
}

it.each<[name: string, content: string | Buffer, flags: Flags, kinds: readonly number[]]>([
  ['column.csv', `id,at,kind\na,${AT_MS},2\nb,${AT_MS},1\n`, {}, [2, 1]],
  ['mapped.csv', `id,at,Art\na,${AT_MS},2\nb,${AT_MS},1\n`, { map: ['kind=Art'] }, [2, 1]],
  ['set.csv', `id,at\na,${AT_MS}\nb,${AT_MS}\n`, { set: ['kind=2'] }, [2, 2]],
  ['set.ndjson', `{"id":"a","at":${AT_MS}}\n{"id":"b","at":${AT_MS},"kind":1}\n`, { set: ['kind=2'] }, [2, 2]],
  [
    'column.parquet',
    parquetBytes([
      { name: 'id', element: TEXT, data: ['a', 'b'] },
      { name: 'at', element: INT64, data: [BigInt(AT_MS), BigInt(AT_MS)] },
      { name: 'kind', element: INT64, data: [2n, 1n] },
    ]),
    {},
    [2, 1],
  ],
  [
    'set.parquet',
    parquetBytes([
      { name: 'id', element: TEXT, data: ['a', 'b'] },
      { name: 'at', element: INT64, data: [BigInt(AT_MS), BigInt(AT_MS)] },
    ]),
    { set: ['kind=2'] },
    [2, 2],
  ],
])('%s goes into the log with its kinds', async (name, content, flags, kinds) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  const transfers = model.sources.get('transfers')!
  const backend = await MemoryBackend.open(model, 'bank')
  const task = {
    ...({ source: transfers, road: 'log', input: openInput(path, null), delimiter: ',', assumeUtc: false } as const),
    mapping: readMapping(transfers, { map: [], mapFile: null, set: [], ...flags }),
    ...{ data: join(folder, 'data'), rejectedFile: null, again: false, limits: null },
  }
  const watch = { signal: new AbortController().signal, onProgress: () => {}, onNote: () => {} }
  expect((await ingest(task, backend, watch)).state).toMatchObject({ accepted: 2, rejected: 0 })
  const { values } = await backend.log.read('bank', 0, 0, 10)
  expect(values.map((value) => (JSON.parse(Buffer.from(value).toString()) as { kind: number }).kind)).toEqual(kinds)
  const routed = values.flatMap((value) => route(value).map(({ source, events }) => [source.name, events?.[0]?.id]))
  expect(routed).toEqual([
    ['transfers', 'a'],
    ['transfers', 'b'],
  ])
})
