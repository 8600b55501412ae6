import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Entries, find, select } from '../../src/cli/catalogue-selection.ts'
import { entryText, listText } from '../../src/cli/catalogue-text.ts'
import { timelineSize } from '../../src/cli/timeline-size.ts'
import { timelineKey } from '../../src/features/timeline-key.ts'
import { decayedSum, entity, featureGroup, featureService, maxGap, money, source, z } from '../../src/index.ts'
import { catalogue, withHealth } from '../../src/serving/http/catalogue.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { cardProfile, checkoutRisk, loginRisk } from '../serving/definitions.ts'
import { modelOf } from '../serving/world.ts'

const model = modelOf({ checkoutRisk, cardProfile, loginRisk })
const ok = { status: 'ok', complete_since_ms: 0, why: null } as const
const all: Entries = withHealth(catalogue(model), new Map([...model.features.keys()].map((name) => [name, ok])))
const SERVED = ['till__worn_24h_delayed_1h', 'till__gap_24h', 'shop__gap_24h']
const NOTHING = { tag: null, owner: null, source: null, search: null }

describe('what is asked for', () => {
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)

  it('by source: what reads it, and who reads that', () => {
    const found = select(all, { ...NOTHING, source: 'logins' })
    expect(names(found.sources)).toEqual(['logins'])
    expect(names(found.groups)).toEqual(['card_logins'])
    expect(names(found.services)).toEqual(['checkout_risk', 'login_risk'])
    expect(found.features.length).toBeGreaterThan(1)
    expect(new Set(found.features.map(({ group }) => group))).toEqual(new Set(['card_logins']))
  })

  it('by tag and owner', () => {
    expect(names(select(all, { ...NOTHING, tag: 'pci', owner: 'payments-platform' }).sources)).toEqual(['payments'])
    expect(select(all, { ...NOTHING, tag: 'pci' }).groups).toEqual([])
  })

  it('by words, all of which must stand in names, texts or columns', () => {
    const search = (text: string) => select(all, { ...NOTHING, search: text })
    expect(names(search('fraud 7D').features)).toEqual(['merchant_risk__fraud_rate_7d_delayed_7d'])
    expect(names(search('how a card').groups)).toEqual(['card_velocity'])
    expect(names(search('status').features)).toContain('card_velocity__declines_24h')
    expect(listText(search('no such word'))).toBe('Nothing in the catalogue is like that.')
  })

  it('by name: of any kind, a column, all windows of a feature', () => {
    const kinds = (name: string) => find(all, name).map(({ kind, entry }) => `${kind} ${entry.name}`)
    expect(kinds('payments')).toEqual(['source payments'])
    expect(kinds('card')).toEqual(['entity card'])
    expect(kinds('payments.status')).toEqual(['column status'])
    expect(kinds('amount_vs_usual')).toEqual(['derived amount_vs_usual'])
    expect(kinds('checkout_risk.seen')).toEqual(['derived seen'])
    expect(kinds('card_velocity__tx_count')).toEqual(
      ['1h', '24h', '7d'].map((window) => `feature card_velocity__tx_count_${window}`),
    )
  })

  it.each([
    ['a tag', { ...NOTHING, tag: 'pii' }, `--tag: nothing in the catalogue has 'pii'`, `did you mean 'pci'?`],
    [
      'an owner',
      { ...NOTHING, owner: 'me' },
      `--owner: nothing in the catalogue has 'me'`,
      'there is payments-platform',
    ],
    [
      'a source',
      { ...NOTHING, source: 'payment' },
      `--source: nothing in the catalogue has 'payment'`,
      `did you mean 'payments'?`,
    ],
  ])('%s that nothing has is refused', (_, selection, message, cure) => {
    expect(() => select(all, selection)).toThrow(expect.objectContaining({ message, cure, exitCode: 2 }))
  })

  it('a name that is not there is refused', () => {
    expect(() => find(all, 'card_velocty')).toThrow(
      expect.objectContaining({
        message: `there is no 'card_velocty' in the catalogue`,
        cure: `did you mean 'card_velocity'? --search looks for words`,
      }),
    )
  })
})

describe('what is shown', () => {
  it('of everything: tables by kind', () => {
    const lines = listText(all).split('\n')
    expect(lines[0]).toMatch(/^SERVICE +EVENT +FEATURES +OWNER +TAGS +DESCRIPTION$/)
    expect(lines.find((line) => line.startsWith('card_velocity__tx_count_24h'))).toMatch(/ count +0 +ok +1$/)
    expect(lines.filter((line) => /^[A-Z]+ {2}/.test(line)).map((line) => line.split(' ')[0])).toEqual([
      'SERVICE',
      'GROUP',
      'FEATURE',
      'DERIVED',
      'SOURCE',
      'ENTITY',
    ])
  })

  it('of a feature: all of it, with its lineage and its memory', () => {
    const [entry] = find(all, 'card_velocity__declines_24h')
    const estimate = {
      events_per_second: 1,
      retention_ms: 1,
      rows: 2,
      row_bytes: 3,
      entities: 4,
      entity_bytes: 5,
      bytes: 6_000,
    }
    const text = entryText(entry!, { held: { entities: 1_200, bytes: 5_000, whole: true }, estimate })
    const value = (label: string) => new RegExp(`^  ${label} +(.+)$`, 'm').exec(text)?.[1]
    expect(text.split('\n')[0]).toBe('feature card_velocity__declines_24h')
    expect(value('computed')).toBe(`count().where(eq(status, "declined")).over('24h')`)
    expect(value('value')).toBe('count; over no events 0')
    expect(value('status')).toBe('ok; complete since ever')
    expect(value('reads')).toBe('payments by card: payments.status')
    expect(value('read by')).toBe('checkout_risk')
    expect(value('held')).toBe('1,200 entities, 5.0 kB of rows, for its timeline')
    expect(value('expected')).toBe('about 6.0 kB for its timeline, as plan says')
  })

  it('of a derived value: what it reads, and of what it reads that it does', () => {
    const lines = (name: string) =>
      find(all, name)
        .map((entry) => entryText(entry, null))
        .join('\n')
        .split('\n')
        .map((line) => line.trim().replace(/ {2,}/, ': '))
    expect(lines('amount_vs_usual')).toEqual([
      'derived checkout_risk.amount_vs_usual',
      'computed: by checkout_risk, when it is asked',
      'value: number or null, as trials on made-up values gave it',
      'reads: card_velocity__avg_amount_7d, payments.amount',
      'read by: checkout_risk',
    ])
    expect(lines('card_velocity__avg_amount_7d')).toContain('derived: checkout_risk.amount_vs_usual')
    expect(lines('payments.occurred_at')).toContain('derived: checkout_risk.seen')
    expect(select(all, { ...NOTHING, search: 'cart_items' }).derived.map(({ name }) => name)).toEqual(['items_an_hour'])
    expect(select(all, { ...NOTHING, source: 'logins' }).derived).toEqual([])
  })

  it('of a feature in a role: as it is written, with its parameters', () => {
    const tills = source('tills', {
      schema: z.object({
        id: z.string(),
        at: z.int(),
        gone: z.boolean(),
        till: z.string(),
        shop: z.string(),
        amount: money({ scale: 2 }),
      }),
      id: 'id',
      time: 'at',
      deleted: 'gone',
      compute: {
        size: { version: 3, type: z.enum(['big', 'small']), of: (row) => (row.amount > 100 ? 'big' : 'small') },
      },
    })
    const till = featureGroup('till', {
      source: tills,
      entity: entity('till', { key: { till: z.string() } }),
      features: {
        worn: decayedSum(tills.amount, '1h').excludeCurrent().per(tills.size, { limit: 2 }).over('24h').delayed('1h'),
        gap: maxGap({ toNow: true }).over('24h'),
      },
    })
    const service = featureService('s', {
      event: tills,
      features: [till, till.pick('gap_24h').as('shop', { till: 'shop' })],
    })
    const own = withHealth(catalogue(modelOf({ service })), new Map(SERVED.map((name) => [name, ok])))
    const row = (name: string, label: string) =>
      new RegExp(`^  ${label} +(.+)$`, 'm').exec(entryText(find(own, name)[0]!, null))?.[1]
    expect(row('till__worn_24h_delayed_1h', 'computed')).toBe(
      `decayedSum(amount, '1h').excludeCurrent().per(size, { limit: 2 }).over('24h').delayed('1h')`,
    )
    expect(row('shop__gap_24h', 'computed')).toBe(`maxGap({ toNow: true }).over('24h')`)
    expect(row('till__gap_24h', 'group')).toBe('till')
    expect(row('shop__gap_24h', 'group')).toBe('till, in the role shop')
    expect(row('tills', 'columns')).toContain('amount: money, size: enum or null, computed')
    expect(row('tills', 'roles')).toBe('id id, time at, deleted gone')
  })

  it('of a column: what reads it', () => {
    const text = entryText(find(all, 'payments.fraud')[0]!, null)
    expect(text).toContain('features  merchant_risk__fraud_rate_7d_delayed_7d')
    expect(text).toMatch(/read by +checkout_risk/)
    expect(entryText(find(all, 'payments.card_id')[0]!, null)).toMatch(/key of +card_velocity, pair/)
  })
})

it('the size of a timeline is that of its entities, whatever else the store holds', async () => {
  const store = new MemoryOnlineStore()
  const put = (fingerprint: string, count: number, bytes: number) =>
    store.append(
      Array.from({ length: count }, (_, i) => ({
        key: timelineKey(fingerprint, [`c${i}`]),
        rows: new Uint8Array(bytes),
        expires_at_ms: null,
      })),
    )
  await put('aa', 2_500, 40)
  await put('ab', 10, 7)
  expect(await timelineSize(store, 'aa')).toEqual({ entities: 2_500, bytes: 100_000, whole: true })
  expect(await timelineSize(store, 'ab')).toEqual({ entities: 10, bytes: 70, whole: true })
  expect(await timelineSize(store, 'ac')).toEqual({ entities: 0, bytes: 0, whole: true })
})

describe('millrace catalogue', () => {
  const BIN = resolve(import.meta.dirname, '../../bin/millrace.js')
  const DEFINITIONS = `
import { count, entity, featureGroup, featureService, money, source, sum, z } from 'millrace'
export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), card_id: z.string(), amount: money({ scale: 2 }) }),
  id: 'id', time: 'at', stream: { topic: 'payments' }, archive: { table: 'payments' },
})
export const card = entity('card', { key: { card_id: z.string() } })
export const spending = featureGroup('spending', {
  source: payments, entity: card, features: { n: count().describe('All payments').over('400d'), total: sum(payments.amount).over('400d') },
  deprecatedFeatures: { n: { replacedBy: 'total', since: '2026-11' } },
})
export const profile = featureService('profile', { features: [spending.pick('total_400d')] })
`
  let folder: string
  let child: ChildProcess | null = null
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
    mkdirSync(join(folder, 'feature-defs'))
    writeFileSync(join(folder, 'feature-defs/payments.ts'), DEFINITIONS)
    const events = Array.from({ length: 30 }, (_, i) => ({
      id: `p${i}`,
      at: Date.UTC(2025, 0, 1) + i,
      card_id: `c${i % 3}`,
      amount: 1,
    }))
    writeFileSync(join(folder, 'payments.ndjson'), events.map((event) => JSON.stringify(event)).join('\n'))
  })
  afterAll(async () => {
    // Gone before the folder goes.
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
    rmSync(folder, { recursive: true })
  })

  function millrace(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return new Promise((done) => {
      const run = execFile(process.execPath, [BIN, ...args], { cwd: folder }, (_, stdout, stderr) =>
        done({ code: run.exitCode, stdout, stderr }),
      )
    })
  }
  type Shown = {
    entry: { status: string; why: string | null }
    memory: { held: object; estimate: { rows: number } } | null
  }[]
  const shown = async (...args: string[]) =>
    JSON.parse((await millrace('catalogue', 'spending__n_400d', '--json', ...args)).stdout) as Shown

  it('works without any data, by the folder at rest, and through a dev', async () => {
    expect(await shown()).toMatchObject([{ kind: 'feature', entry: { status: 'unserved' }, memory: null }])
    const text = await millrace('catalogue')
    expect(text).toMatchObject({ code: 0, stderr: '' })
    expect(text.stdout).toMatch(
      /spending__n_400d +count +0 +unserved +0 {2}\[deprecated since 2026-11: use spending__total_400d\] All payments/,
    )

    const clock = ['--clock', 'history']
    await millrace('ingest', 'payments', 'payments.ndjson', '--archive', ...clock)
    expect(await shown()).toMatchObject([
      { entry: { status: 'incomplete' }, memory: { held: null, estimate: { rows: 30 } } },
    ])
    expect((await millrace('backfill', ...clock)).code).toBe(0)
    const [rested] = await shown()
    // No process carries the stream: how far it is nobody knows.
    expect(rested!.entry).toMatchObject({ status: 'stale', complete_since_ms: 0 })
    expect(rested!.memory).toMatchObject({ held: { entities: 3, whole: true }, estimate: { rows: 30 } })

    child = spawn(process.execPath, [BIN, 'dev', '--port', '0', '--json', ...clock], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface({ input: child.stdout! })) {
      if ((JSON.parse(line) as { event: string }).event === 'ready') break
    }
    // Nothing that it says later may stay in the pipe until that is full.
    child.stdout!.resume()
    await expect.poll(async () => (await shown())[0]!.entry.status, { timeout: 120_000 }).toBe('ok')
    expect((await shown())[0]!.memory).toMatchObject({ held: { entities: 3 } })
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
})
