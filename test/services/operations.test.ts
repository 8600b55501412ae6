import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { QuarantinedEvent } from '../../src/cli/quarantine-replay.ts'
import { MillraceProcess } from '../faults/processes/millrace-process.ts'
import { DATABASE, Servers } from '../faults/servers.ts'
import { TOPIC } from '../faults/world/world.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'

const BIN = resolve(import.meta.dirname, '../../bin/millrace.js')

/** What comes true within a second or two; a busy machine may need many times that. */
const POLL_MS = 90_000

/** The older definitions know fewer statuses, and have a column, a longer window and a timeline more. */
const definitions = (kind: 'old' | 'new') => `
import { count, entity, eq, featureGroup, featureService, source, sum, z } from 'millrace'
export const payments = source('payments', {
  schema: z.object({
    id: z.string(), at: z.int(), card_id: z.string(), shop_id: z.string(), amount: z.int(), points: z.int(),
    status: z.enum([${kind === 'old' ? `'ok'` : `'ok', 'held'`}]),
  }),
  id: 'id', time: 'at', stream: { topic: '${TOPIC}' }, archive: { table: 'payments' },
})
export const card = entity('card', { key: { card_id: z.string() } })
export const shop = entity('shop', { key: { shop_id: z.string() } })
export const cards = featureGroup('cards', {
  source: payments, entity: card,
  features: { n: count().over('7d'), held: count().where(eq(payments.status, '${kind === 'old' ? 'ok' : 'held'}')).over('7d') },
})
${
  kind === 'old'
    ? `export const points = featureGroup('points', {
  source: payments, entity: card, features: { total: sum(payments.points).over('20d') },
})
export const shops = featureGroup('shops', { source: payments, entity: shop, features: { n: count().over('7d') } })
export const profile = featureService('profile', { features: [cards, points, shops] })`
    : `export const profile = featureService('profile', { features: [cards] })`
}
`

let servers: Servers
let folder: Awaited<ReturnType<typeof temporaryFolder>>
const processes: MillraceProcess[] = []

beforeAll(async () => {
  servers = await Servers.start({ partitions: 2 })
  folder = await temporaryFolder()
  for (const kind of ['old', 'new'] as const) {
    mkdirSync(join(folder.path, kind))
    writeFileSync(join(folder.path, kind, 'definitions.ts'), definitions(kind))
  }
})
afterAll(async () => {
  await Promise.all(processes.map((process) => process.kill()))
  await servers?.dispose()
  await folder?.remove()
})

const envOf = (defs: 'old' | 'new') => ({
  MILLRACE_DEFS: join(folder.path, defs),
  MILLRACE_REDIS_URL: servers.redisUrl,
  MILLRACE_REDIS_PREFIX: 'ops:',
  MILLRACE_KAFKA_BROKERS: servers.kafka.addresses.join(','),
  MILLRACE_KAFKA_SESSION: '6s',
  MILLRACE_CLICKHOUSE_URL: servers.clickhouse.url,
  MILLRACE_CLICKHOUSE_DATABASE: DATABASE,
  MILLRACE_HTTP_PORT: '0',
})

async function started(defs: 'old' | 'new', ...args: string[]): Promise<MillraceProcess> {
  const process = new MillraceProcess(`${defs} ${args.join(' ')}`, args, () => envOf(defs))
  processes.push(process)
  await process.start()
  return process
}

function millrace(
  defs: 'old' | 'new',
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, NO_COLOR: '1', ...envOf(defs) }
  return new Promise((done) => {
    const child = execFile(process.execPath, [BIN, ...args], { env, maxBuffer: 1e8 }, (_, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    )
  })
}

async function json<T>(defs: 'old' | 'new', ...args: string[]): Promise<T> {
  const { stdout, stderr } = await millrace(defs, ...args, '--json')
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout) as T
}

async function profile({ url }: MillraceProcess, keys: Record<string, string>) {
  const body = JSON.stringify({ keys })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/services/profile`, { method: 'POST', headers, body })
  const { features, status } = (await answer.json()) as { features: object; status: object }
  return { features, status }
}

const notesOf = async ({ url }: MillraceProcess) =>
  ((await (await fetch(`${url}/readyz`)).json()) as { notes: string[] }).notes.join('\n')

const groups = () => servers.admin(async (admin) => (await admin.listGroups()).groups.map(({ groupId }) => groupId))

const at = Date.now() - 3_600_000
const payment = (id: string, more: object = {}) =>
  JSON.stringify({ id, at, card_id: 'c', shop_id: 's', amount: 1, points: 10, status: 'ok', ...more })

/** As a producer sends it that nobody checks. */
async function send(values: readonly string[]): Promise<void> {
  const producer = new Kafka({ brokers: [...servers.kafka.addresses], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  await producer.send({ topic: TOPIC, messages: values.map((value) => ({ key: 'c', value })) })
  await producer.disconnect()
}

interface Gc {
  readonly timelines: readonly { entity: string }[]
  readonly columns: readonly { names: readonly string[] }[]
  readonly retentions: readonly object[]
  readonly groups: readonly { name: string }[]
  readonly definitions: readonly object[]
  readonly kept: readonly string[]
}

it('a change of definitions, from quarantined events to what is left of the old ones', async () => {
  const valid = Array.from({ length: 20 }, (_, i) => payment(`p${i}`))
  // Too long to be in the quarantine, too.
  const long = payment('long', { status: 'held', extra: '"'.repeat(400_000) })
  await send([...valid, payment('held', { status: 'held' }), 'no json', long])
  const old = await Promise.all(['stream', 'archive', 'serve'].map((command) => started('old', command)))
  const [oldStream, , oldServe] = old as [MillraceProcess, MillraceProcess, MillraceProcess]
  const filling = await started('old', 'backfill', '--watch')
  const metrics = async () => (await fetch(`${filling.url}/metrics`)).text()
  for (let i = 0; i < 200 && (await metrics()).match(/^millrace_coverage_ok\{.*\} 1$/gm)?.length !== 2; i++)
    await sleep(100)
  expect(await metrics()).toMatch(/^millrace_store_seconds_count\{operation="append"\} [1-9]/m)
  expect(await filling.stop()).toBe(0)
  const keys = { card_id: 'c', shop_id: 's' }
  await expect
    .poll(() => profile(oldServe, keys), { timeout: POLL_MS })
    .toEqual({
      features: { cards__n_7d: 20, cards__held_7d: 20, points__total_20d: 200, shops__n_7d: 20 },
      status: {},
    })

  const list = () => json<{ events: QuarantinedEvent[]; total: number }>('old', 'quarantine', 'list')
  await expect.poll(async () => (await list()).total, { timeout: POLL_MS }).toBe(3)
  expect((await list()).events.map(({ event }) => event).sort()).toEqual(
    ['no json', payment('held', { status: 'held' }), long].sort(),
  )
  expect((await millrace('old', 'quarantine', 'list')).stdout).toMatch(
    new RegExp(`^${TOPIC}/\\d/\\d+ .* no json$`, 'm'),
  )

  // New definitions beside the old ones: each says that the others are there.
  const serve = await started('new', 'serve')
  const stream = await started('new', 'stream')
  const note =
    /^other definitions \([0-9a-f]{16}\) are at work, too, since .*They write other rows than this process\.$/m
  for (const one of [oldStream, oldServe, serve, stream]) {
    await expect.poll(() => notesOf(one), { timeout: POLL_MS }).toMatch(note)
  }
  const replayed = await json<{ outcomes: object[] }>('new', 'quarantine', 'replay')
  expect(replayed.outcomes).toMatchObject([{ source: 'payments', accepted: 2, refused: 1 }])
  // The old stream meets them again, and refuses them again: in the end they are replayed once more, and count once.
  await expect.poll(async () => (await list()).total, { timeout: POLL_MS }).toBe(3)
  await started('new', 'archive')
  expect((await millrace('new', 'backfill')).code).toBe(0)
  const after = { features: { cards__n_7d: 22, cards__held_7d: 2 }, status: {} }
  await expect.poll(() => profile(serve, { card_id: 'c' }), { timeout: POLL_MS }).toEqual(after)

  // While the old stream works, nothing of it goes, though its heartbeat is older than a second.
  await sleep(1_100)
  const busy = await json<Gc>('new', 'gc', '--since', '1s', '--delete')
  expect(busy).toMatchObject({ timelines: [], columns: [], groups: [] })
  expect(busy.kept).toEqual([
    expect.stringMatching(/^the group millrace-[0-9a-f]{16} and what it writes: somebody is at work/),
  ])
  expect((await profile(oldServe, keys)).status).toEqual({})

  for (const one of old) await one.stop()
  expect(await json('new', 'quarantine', 'replay')).toMatchObject({ outcomes: [{ accepted: 2, refused: 1 }] })
  expect(
    (await json<{ events: { event: string }[] }>('new', 'quarantine', 'list')).events.map(({ event }) => event),
  ).toEqual(['no json'])
  await sleep(1_100)
  const listed = await json<Gc>('new', 'gc', '--since', '1s')
  expect(listed).toMatchObject({
    timelines: [{ entity: 'shop' }],
    columns: [{ names: ['points'] }],
    retentions: [{}],
    groups: [{}],
  })
  const [{ name }] = listed.groups as [{ name: string }]
  expect(await groups()).toContain(name)
  const { deleted, kept, ...gone } = await json<Gc & { deleted: boolean }>('new', 'gc', '--since', '1s', '--delete')
  expect([deleted, kept]).toEqual([true, []])
  const { kept: _, ...planned } = listed
  expect(gone).toEqual({ ...planned, deleted: undefined })
  expect(await groups()).not.toContain(name)
  expect((await millrace('new', 'gc', '--since', '1s')).stdout).toBe('everything is in use\n')
  await send([payment('later', { status: 'held' })])
  await expect
    .poll(() => profile(serve, { card_id: 'c' }), { timeout: POLL_MS })
    .toEqual({ features: { cards__n_7d: 23, cards__held_7d: 3 }, status: {} })

  // The old ones come back: incomplete until they are back-filled.
  const again = await started('old', 'stream')
  const back = await started('old', 'serve')
  const incomplete = await profile(back, keys)
  expect(incomplete.status).toMatchObject({ points__total_20d: 'incomplete', shops__n_7d: 'incomplete' })
  expect((await millrace('old', 'backfill')).code).toBe(0)
  await expect
    .poll(() => profile(back, keys), { timeout: POLL_MS })
    .toMatchObject({ features: { points__total_20d: 200, shops__n_7d: 23 }, status: {} })
  await again.stop()
}, 400_000)
