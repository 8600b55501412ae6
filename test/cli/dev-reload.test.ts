import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const BIN = resolve(import.meta.dirname, '../../bin/millrace.js')
const WAIT_MS_MAX = 60_000
const MINUTE = 60_000

let folder: string
let child: ChildProcess | null = null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  mkdirSync(join(folder, 'feature-defs'))
  mkdirSync(join(folder, 'lib'))
  write('lib/window.ts', `export const WINDOW = '7d' as const\n`)
  write('feature-defs/payments.ts', PAYMENTS)
  write('feature-defs/cards.ts', cards(`n: count().over(WINDOW)`))
})
afterEach(async () => {
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await new Promise((ended) => child!.once('exit', ended))
  }
  child = null
  rmSync(folder, { recursive: true, force: true })
})

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

const PAYMENTS = `import { entity, money, source, z } from 'millrace'
export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), card_id: z.string(), amount: money({ scale: 2 }) }),
  id: 'id', time: 'at', stream: { topic: 'payments' }, archive: { table: 'payments' },
})
export const card = entity('card', { key: { card_id: z.string() } })
`

const cards = (features: string) => `import { count, featureGroup, featureService, sum } from 'millrace'
import { card, payments } from './payments.ts'
import { WINDOW } from '../lib/window.ts'
export const cards = featureGroup('cards', { source: payments, entity: card, features: { ${features} } })
export const profile = featureService('profile', { features: [cards] })
`

interface Line {
  readonly event: string
  readonly url: string
  readonly message: string
  readonly services: readonly string[]
}

/** A `dev` that tells what happens as JSON. */
function dev(...args: string[]) {
  const started = spawn(process.execPath, [BIN, 'dev', '--port', '0', '--json', ...args], { cwd: folder })
  child = started
  let text = ''
  let errors = ''
  let read = 0
  started.stdout.on('data', (data) => (text += String(data)))
  started.stderr.on('data', (data) => (errors += String(data)))
  const exit = new Promise<number | null>((ended) => started.once('exit', ended))
  const lines = (): Line[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  return {
    /** The next line of an event after those that were waited for. */
    async next(event: string): Promise<Line> {
      const begun_ms = Date.now()
      for (;;) {
        const at = lines().findIndex((line, i) => i >= read && line.event === event)
        if (at >= 0) {
          read = at + 1
          return lines()[at]!
        }
        if (Date.now() - begun_ms > WAIT_MS_MAX || started.exitCode !== null)
          throw new Error(`no '${event}' in: ${text}${errors}`)
        await new Promise((pause) => setTimeout(pause, 20))
      }
    },
    happened: () => lines().map(({ event }) => event),
    async interrupt(): Promise<number | null> {
      started.kill('SIGINT')
      return exit
    },
  }
}

async function features(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/v1/services/profile`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ keys: { card_id: 'c' } }),
  })
  const { features, status, error } = (await answer.json()) as Record<string, unknown>
  return error ?? (Object.keys(status as object).length === 0 ? features : { features, status })
}

async function send(url: string, ids: readonly string[]): Promise<void> {
  const events = ids.map((id) => ({ id, at: Date.now() - MINUTE, card_id: 'c', amount: '2.50' }))
  const answer = await fetch(`${url}/v1/sources/payments/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  })
  expect(await answer.json()).toEqual({ accepted: ids.length, rejected: [] })
}

/** As soon as it is: rows are written after they are acknowledged, and a backfill takes its time. */
const soon = (url: string, expected: unknown) =>
  expect.poll(() => features(url), { timeout: WAIT_MS_MAX, interval: 50 }).toEqual(expected)

describe('dev', () => {
  it('takes up definitions that change, and what they import; wrong ones it refuses, and serves on', async () => {
    const running = dev()
    const { url } = await running.next('ready')
    await send(url, ['a', 'b'])
    await soon(url, { cards__n_7d: 2 })

    write('lib/window.ts', `export const WINDOW = '30d' as const\n`)
    expect(await running.next('reloaded')).toMatchObject({ services: ['profile'] })
    await soon(url, { cards__n_30d: 2 })

    write('feature-defs/cards.ts', cards(`n: count().over('7x' as '7d')`))
    const { message } = await running.next('refused')
    expect(message).toContain(`feature-defs/cards.ts:4:90: group cards: the feature 'n' has the window '7x'`)
    write('feature-defs/broken.ts', 'export const a = +*')
    expect((await running.next('refused')).message).toContain('feature-defs/broken.ts:1:19: Unexpected "*"')
    expect(await features(url)).toEqual({ cards__n_30d: 2 })
    await send(url, ['c'])
    await soon(url, { cards__n_30d: 3 })

    // A column that rows do not have yet is back-filled, from the archive that the first engine filled.
    rmSync(join(folder, 'feature-defs/broken.ts'))
    write('feature-defs/cards.ts', cards(`n: count().over(WINDOW), spend: sum(payments.amount).over(WINDOW)`))
    await running.next('reloaded')
    await soon(url, { cards__n_30d: 3, cards__spend_30d: 750 })
    expect(await running.interrupt()).toBe(0)
    expect(running.happened().at(-1)).toBe('stopped')

    // What is acknowledged stays, whatever was exchanged meanwhile.
    const again = dev()
    await soon((await again.next('ready')).url, { cards__n_30d: 3, cards__spend_30d: 750 })
    expect(await again.interrupt()).toBe(0)
  })

  it('loses no call and no event while definitions are exchanged under load', async () => {
    const running = dev()
    const { url } = await running.next('ready')
    let isOver = false
    let sent = 0
    const sender = (async () => {
      while (!isOver) await send(url, [`p${sent++}`])
    })()
    const reader = (async () => {
      while (!isOver) {
        const answer = (await features(url)) as Record<string, unknown>
        expect(
          Object.keys(answer).some((name) => /^(cards__n_|features$)/.test(name)),
          JSON.stringify(answer),
        ).toBe(true)
      }
    })()
    for (const window of ['1d', '2d', '3d']) {
      write('lib/window.ts', `export const WINDOW = '${window}' as const\n`)
      await running.next('reloaded')
    }
    isOver = true
    await Promise.all([sender, reader])
    expect(sent).toBeGreaterThan(3)
    await soon(url, { cards__n_3d: sent })
    // Ctrl-C in the middle of an exchange ends it in order, too.
    write('lib/window.ts', `export const WINDOW = '4d' as const\n`)
    await new Promise((pause) => setTimeout(pause, 450))
    expect(await running.interrupt()).toBe(0)
    expect(running.happened().at(-1)).toBe('stopped')
  })

  it('keeps to what it began with where it is told so', async () => {
    const running = dev('--keep')
    const { url } = await running.next('ready')
    await soon(url, { cards__n_7d: 0 })
    write('lib/window.ts', `export const WINDOW = '30d' as const\n`)
    await new Promise((pause) => setTimeout(pause, 1_000))
    expect(await features(url)).toEqual({ cards__n_7d: 0 })
    expect(await running.interrupt()).toBe(0)
    expect(running.happened()).not.toContain('reloaded')
  })
}, 120_000)
