import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CommandError } from '../../src/cli/command-error.ts'
import { type Log, logTo } from '../../src/cli/log.ts'

type Line = Readonly<Record<string, unknown>>

/** A log, and the lines that it wrote. */
function logged(write: (log: Log) => void, level: 'debug' | 'info' | 'warn' | 'error' = 'info'): Line[] {
  const lines: string[] = []
  write(logTo({ write: (line) => void lines.push(line) }, { process: 'stream', level }))
  return lines.map((line) => {
    expect(line.endsWith('\n')).toBe(true)
    return JSON.parse(line) as Line
  })
}

describe('a line of the log', () => {
  it('is JSON with level, time, process, pid, message and fields', () => {
    const before = Date.now()
    const [line] = logged((log) => log.info({ source: 'payments', events: 3 }, 'carried'))
    const { time, ...rest } = line!
    expect(rest).toEqual({
      level: 'info',
      process: 'stream',
      pid: process.pid,
      msg: 'carried',
      source: 'payments',
      events: 3,
    })
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(Date.parse(time as string)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(time as string)).toBeLessThanOrEqual(Date.now())
  })

  it('is written from the level on that was asked for', () => {
    const all = (log: Log) => {
      log.debug('a')
      log.info('b')
      log.warn('c')
      log.error('d')
    }
    expect(logged(all, 'debug').map(({ level, msg }) => [level, msg])).toEqual([
      ['debug', 'a'],
      ['info', 'b'],
      ['warn', 'c'],
      ['error', 'd'],
    ])
    expect(logged(all, 'warn').map(({ msg }) => msg)).toEqual(['c', 'd'])
  })

  it('has the fields of its child', () => {
    const [line] = logged((log) => log.child({ source: 'payments' }).warn({ partition: 1 }, 'behind'))
    expect(line).toMatchObject({ source: 'payments', partition: 1, process: 'stream', msg: 'behind' })
  })

  it('tells an error with its code, its stack and its cause', () => {
    const err = new CommandError('REDIS_UNREACHABLE', 'no Redis', {
      cure: 'start it',
      cause: new Error('ECONNREFUSED'),
    })
    const [line] = logged((log) => log.error({ err }, 'stopped'))
    expect(line!.err).toMatchObject({ type: 'CommandError', code: 'REDIS_UNREACHABLE', cure: 'start it' })
    const { message, stack } = line!.err as { message: string; stack: string }
    expect(message).toBe('no Redis: ECONNREFUSED')
    expect(stack).toContain('log.test.ts')
    expect(stack).toContain('caused by: Error: ECONNREFUSED')
  })
})

describe('secrets are not written', () => {
  const HUSH = 'Hush/4711'
  const url = `redis://user:${HUSH}@redis-1:6379/0`
  const lines: [string, (log: Log) => void][] = [
    [
      'a field',
      (log) => log.info({ password: HUSH, redis: { secret: HUSH }, all: { kafka: { sasl: { x: HUSH } } } }, 'm'),
    ],
    ['a token', (log) => log.info({ clickhouse: { accessToken: HUSH }, headers: { authorization: HUSH } }, 'm')],
    ['a URL in a field', (log) => log.info({ config: { redis: { deep: { url } } } }, 'm')],
    ['a URL in a message', (log) => log.warn(`cannot reach ${url} now`)],
    [
      'a URL in an error',
      (log) => log.error({ err: new Error(`cannot reach ${url}`, { cause: new Error(url) }) }, 'm'),
    ],
    [
      'a private key',
      (log) => log.info({ pem: `-----BEGIN PRIVATE KEY-----\n${HUSH}\n-----END PRIVATE KEY-----\n` }, 'm'),
    ],
    [
      'a private key that is cut',
      (log) => log.info({ pem: `-----BEGIN RSA PRIVATE KEY-----\n${HUSH}`, after: 1 }, 'm'),
    ],
    ['a field of a child', (log) => log.child({ redis: { password: HUSH } }).info('m')],
  ]
  it.each(lines)('%s', (_, write) => {
    const [line] = logged(write)
    const written = JSON.stringify(line)
    expect(written).not.toContain('Hush')
    expect(written).not.toContain('4711')
    expect(written).toContain('***')
  })

  it('and what is beside them is', () => {
    const [line] = logged((log) => log.info({ url, password: HUSH, key: 'card_id', at: 'a@b.example' }, `to ${url}`))
    expect(line).toMatchObject({
      url: 'redis://***@redis-1:6379/0',
      password: '***',
      key: 'card_id',
      at: 'a@b.example',
      msg: 'to redis://***@redis-1:6379/0',
    })
  })
})

describe('every line is out when the process ends', () => {
  const LOADER = resolve(import.meta.dirname, '../../node_modules/tsx/dist/loader.mjs')
  const SCRIPT = fileURLToPath(new URL('log-process.ts', import.meta.url))

  it.each([
    ['by itself', 'end', 0],
    ['by process.exit', 'exit', 3],
    ['by an error', 'throw', 1],
  ])('%s', async (_, how, code) => {
    const child = spawn(process.execPath, ['--import', LOADER, SCRIPT, how], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [written, [exit]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    const lines = written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    expect(exit).toBe(code)
    expect(lines.map(({ i }) => i)).toEqual(Array.from({ length: 5_000 }, (_, i) => i))
  })
})
