import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listText } from '../../src/cli/commands/quarantine.ts'
import { QuarantineDesk, type QuarantinedEvent } from '../../src/cli/quarantine-replay.ts'
import { collect } from '../../src/features/collect.ts'
import type { Model } from '../../src/features/model.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { topicRouter } from '../../src/features/topic-router.ts'
import { count, entity, featureGroup, source, z } from '../../src/index.ts'
import type { EventLog } from '../../src/stores/event-log.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { QUARANTINE_GROUP, Quarantine, quarantinedEvents, quarantineTopic } from '../../src/stores/quarantine.ts'

const NOW = Date.UTC(2026, 0, 1)

/** By which statuses an event may have. */
function modelOf(...statuses: [string, ...string[]]): Model {
  const payments = source('payments', {
    schema: z.object({ id: z.string(), at: z.int(), card: z.string(), status: z.enum(statuses), note: z.string() }),
    id: 'id',
    time: 'at',
    stream: { topic: 'payments' },
  })
  const byCard = featureGroup('by_card', {
    source: payments,
    entity: entity('card', { key: { card: z.string() } }),
    features: { n: count().over('7d') },
  })
  return resolveModel(collect([{ file: 'definitions.ts', exports: { payments, byCard } }]))
}

const strict = modelOf('ok')
const wider = modelOf('ok', 'held')
const event = (id: string, status: string, more: object = {}) =>
  JSON.stringify({ id, at: NOW - 1_000, card: `card of ${id}`, status, note: '', ...more })

/** A log with events of which some are refused by a model, as its stream keeps them aside. */
async function logWith(model: Model, texts: readonly (string | Uint8Array)[]) {
  const log = new MemoryEventLog({ now: () => NOW })
  await log.ensureTopic('payments', 2)
  const values = texts.map((text) => (typeof text === 'string' ? Buffer.from(text) : text))
  const places = await log.append(
    'payments',
    values.map((value, i) => ({ key: `k${i}`, value })),
  )
  const source = model.sources.get('payments')!
  const { parser, topic } = source
  const refused = values.flatMap((value, i) => {
    try {
      parser.parseBytes(value)
      return []
    } catch (error) {
      return [{ source: 'payments', topic, ...places[i]!, value, reason: (error as Error).message }]
    }
  })
  const quarantine = new Quarantine(log, () => NOW)
  return { log, refused, again: () => quarantine.add(source, refused) }
}

async function listed(log: EventLog, model: Model, all = false): Promise<QuarantinedEvent[]> {
  const desk = new QuarantineDesk(model, log, () => NOW)
  const found: QuarantinedEvent[] = []
  for await (const one of desk.list(null, all)) found.push(await desk.whole(one))
  return found
}

const replay = (log: EventLog, model: Model) =>
  new QuarantineDesk(model, log, () => NOW).replay(model.sources.get('payments')!)

/** Ids of the valid events in the topic, each as often as it is there. */
async function ids(log: EventLog, model: Model): Promise<string[]> {
  const found: string[] = []
  for (const { partition, start, end } of await log.ranges('payments')) {
    const { values } = await log.read('payments', partition, start, end - start)
    for (const value of values) {
      try {
        found.push(model.sources.get('payments')!.parser.parseBytes(value).id)
      } catch {
        // It is none.
      }
    }
  }
  return found.sort()
}

/** Within a message of its own, and not within one that tells more. */
const LONG = event('long', 'held', { extra: '"'.repeat(500_000) })
const BINARY = Uint8Array.of(0xff, 0xfe, 0x00)
const TEXTS = [event('a', 'ok'), event('b', 'held'), '{', BINARY, LONG, event('c', 'held'), 'two\nlines']

describe('the quarantine', () => {
  it('is nothing where nothing was refused', async () => {
    const { log } = await logWith(strict, [event('a', 'ok')])
    expect(await listed(log, strict)).toEqual([])
    expect(await replay(log, strict)).toEqual({ source: 'payments', accepted: 0, refused: 0, refusals: [] })
    expect(listText([], 0)).toBe('no event is in the quarantine')
  })

  it('lists each event once, whole, however often a batch was replayed', async () => {
    const { log, refused, again } = await logWith(strict, TEXTS)
    await again()
    await again()
    const found = await listed(log, strict)
    expect(found.map(({ partition, offset, reason }) => ({ partition, offset, reason }))).toEqual(
      refused.map(({ partition, offset, reason }) => ({ partition, offset, reason })),
    )
    expect(found.map((one) => one.event ?? Buffer.from(one.event_base64!, 'base64'))).toEqual([
      TEXTS[1],
      '{',
      Buffer.from(BINARY),
      LONG,
      TEXTS[5],
      TEXTS[6],
    ])
    expect(found.every((one) => one.quarantined_ms === NOW && !one.replayed)).toBe(true)
    const text = listText(found, found.length)
    expect(text.split('\n')).toHaveLength(1 + found.length)
    expect(text).toContain('two\\nlines')
    expect(text).toContain('base64 //4A')
    expect(listText(found.slice(0, 2), 6)).toContain('6 events, of which the first 2 are shown')
  })

  it('leaves alone what others put into its topic', async () => {
    const { log, again } = await logWith(wider, ['{'])
    await again()
    await log.append(quarantineTopic(strict.sources.get('payments')!), [{ key: 'k', value: Buffer.from('not ours') }])
    expect(await listed(log, wider)).toHaveLength(1)
    expect(await replay(log, wider)).toMatchObject({ accepted: 0, refused: 1 })
    expect(await listed(log, wider)).toHaveLength(1)
  })
})

describe('a replay', () => {
  it('takes what is valid now, by its key, and keeps the rest with its new reason', async () => {
    const { log, again } = await logWith(strict, TEXTS)
    await again()
    await again()
    const outcome = await replay(log, wider)
    expect(outcome).toMatchObject({ accepted: 3, refused: 3 })
    expect(outcome.refusals).toHaveLength(3)
    expect(await ids(log, wider)).toEqual(['a', 'b', 'b', 'c', 'c', 'long', 'long'])
    const left = await listed(log, wider)
    expect(left.map((one) => one.event ?? one.event_base64)).toEqual([
      '{',
      Buffer.from(BINARY).toString('base64'),
      'two\nlines',
    ])
    expect(await quarantinedEvents(log, strict.sources.get('payments')!)).toBe(3)
    const all = await listed(log, wider, true)
    expect(all.map(({ replayed }) => replayed)).toEqual([true, true, true, false, false, false])
    // A second one finds nothing else to do.
    expect(await replay(log, wider)).toMatchObject({ accepted: 0, refused: 3 })
    expect(await listed(log, wider)).toHaveLength(3)
  })

  it('says so where the log has the bytes of a long event no longer', async () => {
    const { log, refused, again } = await logWith(strict, [LONG])
    await again()
    await log.trim('payments', refused[0]!.partition, 1, NOW + 1)
    expect(await replay(log, wider)).toMatchObject({
      accepted: 0,
      refused: 1,
      refusals: [{ reason: 'the log has its bytes no longer' }],
    })
    const [left] = await listed(log, wider)
    expect([left!.reason, left!.event]).toEqual(['the log has its bytes no longer', undefined])
    expect(listText([left!], 1)).toContain('(the log has it no longer)')
  })

  it('loses nothing, wherever it is killed', async () => {
    const names = ['topics', 'committed', 'ranges', 'read', 'ensureTopic', 'append', 'commit']
    let killed = 0
    for (let last = 0; ; last++) {
      const { log, again } = await logWith(strict, TEXTS)
      await again()
      let calls = 0
      const broken = new Proxy(log, {
        get: (target, name: keyof EventLog) => {
          const member = target[name] as (...args: unknown[]) => unknown
          return async (...args: unknown[]) => {
            if (names.includes(name) && ++calls > last) throw new Error('killed')
            return member.apply(target, args)
          }
        },
      })
      const ended = await replay(broken, wider).catch((error: Error) => error.message)
      if (ended === 'killed') killed++
      await replay(log, wider)
      expect(new Set(await ids(log, wider))).toEqual(new Set(['a', 'b', 'c', 'long']))
      expect((await listed(log, wider)).map((one) => one.event ?? one.event_base64).sort()).toEqual(
        ['{', Buffer.from(BINARY).toString('base64'), 'two\nlines'].sort(),
      )
      expect((await log.committed(QUARANTINE_GROUP, quarantineTopic(strict.sources.get('payments')!))).size).toBe(1)
      if (ended !== 'killed') break
    }
    expect(killed).toBeGreaterThan(8)
  })
})

const BIN = resolve(import.meta.dirname, '../../bin/millrace.js')
const DEFINITIONS = (statuses: string) => `
import { count, entity, featureGroup, featureService, source, z } from 'millrace'
export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), card: z.string(), status: z.enum([${statuses}]) }),
  id: 'id', time: 'at', stream: { topic: 'payments' },
})
export const card = entity('card', { key: { card: z.string() } })
export const byCard = featureGroup('by_card', { source: payments, entity: card, features: { n: count().over('7d') } })
export const profile = featureService('profile', { features: [byCard] })
`

describe('millrace quarantine, over a data folder', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
    for (const [name, statuses] of [
      ['strict', `'ok'`],
      ['wider', `'ok', 'held'`],
    ] as const) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'definitions.ts'), DEFINITIONS(statuses))
    }
    const at = Date.now() - 60_000
    const lines = ['ok', 'held', 'held'].map((status, i) => JSON.stringify({ id: `p${i}`, at, card: 'c', status }))
    writeFileSync(join(folder, 'payments.ndjson'), lines.join('\n'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const millrace = (defs: string, ...args: string[]) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => {
      const env = { ...process.env, NO_COLOR: '1' }
      const line = [BIN, ...args, '--defs', defs, '--data', 'data']
      const child = execFile(process.execPath, line, { cwd: folder, env }, (_, stdout, stderr) =>
        done({ code: child.exitCode, stdout, stderr }),
      )
    })

  it('shows what narrower definitions refused, and replays it by those that take it', async () => {
    // In the log, and not carried on yet, when the definitions change.
    expect((await millrace('wider', 'ingest', 'payments', 'payments.ndjson')).code).toBe(0)
    const shown = await millrace('strict', 'quarantine', 'list', 'payments', '--limit', '1')
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toContain('2 events, of which the first 1 are shown: --limit shows more')
    const { events, total } = JSON.parse((await millrace('strict', 'quarantine', 'list', '--json')).stdout)
    expect([total, events.map((one: QuarantinedEvent) => JSON.parse(one.event!).id).sort()]).toEqual([2, ['p1', 'p2']])
    const refused = await millrace('strict', 'quarantine', 'replay')
    expect(refused.code).toBe(1)
    expect(refused.stdout).toContain('payments: 0 events in the log again; 2 events are still refused:\n')
    const replayed = await millrace('wider', 'quarantine', 'replay', 'payments', '--json')
    expect(JSON.parse(replayed.stdout)).toEqual({
      outcomes: [{ source: 'payments', accepted: 2, refused: 0, refusals: [] }],
    })
    expect(replayed.code).toBe(0)
    const counted = await millrace('wider', 'events', 'by_card__n_7d', '--keys', 'card=c', '--json')
    expect(JSON.parse(counted.stdout)).toMatchObject({ value: 3, total: 3 })
    expect((await millrace('wider', 'quarantine', 'list')).stdout).toBe('no event is in the quarantine\n')
  })

  it.each([
    [['quarantine', 'empty'], `<action>: 'empty' is not known; there are list, replay`],
    [
      ['quarantine', 'list', 'payment'],
      `<source>: there is no source 'payment' that has a stream; did you mean 'payments'?`,
    ],
    [
      ['quarantine', 'replay', '--all'],
      '--all and --limit belong to list; leave them out: replay takes all that nobody has replayed',
    ],
    [
      ['gc', '--since', 'tuesday'],
      `--since: 'tuesday' is not a duration; write a whole number of s, m, h or d, as '7d'`,
    ],
  ])('refuses %j', async (args, message) => {
    expect(await millrace('wider', ...args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `millrace ${args[0]}: ${message}\n`,
    })
  })
})

describe('a replay of a topic that sources share', () => {
  /** Their decode knows messages up to a version. */
  const bank = (version: number): Model => {
    const decode = (message: Uint8Array) => {
      const row = JSON.parse(Buffer.from(message).toString()) as { readonly v: number }
      if (row.v > version) throw new Error(`version ${row.v} is not known`)
      return row
    }
    const of = (name: string) =>
      source(name, {
        schema: z.object({ id: z.string(), at: z.int(), card: z.string() }),
        id: 'id',
        time: 'at',
        stream: { topic: 'bank', where: { kind: name }, decode },
      })
    const card = entity('card', { key: { card: z.string() } })
    const groups = ['logins', 'transfers'].map((name) =>
      featureGroup(`by_${name}`, { source: of(name), entity: card, features: { n: count().over('7d') } }),
    )
    const [logins, transfers] = groups
    return resolveModel(collect([{ file: 'definitions.ts', exports: { logins, transfers } }]))
  }

  it('takes up a message that is of another source than the one that it was kept aside under', async () => {
    const log = new MemoryEventLog({ now: () => NOW })
    await log.ensureTopic('bank', 1)
    const message = (id: string, kind: string, v: number) => JSON.stringify({ id, kind, v, at: NOW - 1_000, card: 'c' })
    const texts = [
      message('t', 'transfers', 2),
      message('l', 'logins', 2),
      message('r', 'rates', 2),
      message('x', 'transfers', 3),
    ]
    await log.append(
      'bank',
      texts.map((text) => ({ key: 'k', value: Buffer.from(text) })),
    )
    const old = bank(1)
    const route = topicRouter([...old.sources.values()])
    const { values } = await log.read('bank', 0, 0, 10)
    for (const [offset, value] of values.entries()) {
      for (const { source: under, refusal } of route(value)) {
        // Nobody can say what it is, so that it is the first one's.
        expect([under.name, refusal]).toEqual(['logins', expect.stringContaining('is not known')])
        await new Quarantine(log, () => NOW).add(under, [
          { source: under.name, topic: 'bank', partition: 0, offset, value, reason: refusal! },
        ])
      }
    }
    const now = bank(2)
    const outcome = await new QuarantineDesk(now, log, () => NOW).replay(now.sources.get('logins')!)
    expect(outcome).toMatchObject({ accepted: 2, refused: 2 })
    expect(outcome.refusals.map(({ offset, reason }) => [offset, reason])).toEqual([
      [2, expect.stringContaining('rates')],
      [3, 'version 3 is not known'],
    ])
    const again = (await log.read('bank', 0, texts.length, 10)).values.map((value) => Buffer.from(value).toString())
    expect(again.sort()).toEqual(texts.slice(0, 2).sort())
  })
})
