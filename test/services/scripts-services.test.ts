import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'
import { createClient } from '@clickhouse/client'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ServicesPlace, servicesPlace } from '../../scripts/servers/place.ts'
import { isTaken } from '../../scripts/servers/port.ts'
import { isAlive, processStarted } from '../../scripts/servers/process-identity.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const NAMES = ['kafka', 'redis', 'clickhouse'] as const

let temporary: Awaited<ReturnType<typeof temporaryFolder>>
let environment: Record<string, string>
let place: ServicesPlace

// A set of our own: whoever works here may have the usual one running, and another run of this test another one.
beforeAll(async () => {
  temporary = await temporaryFolder()
  for (let offset = 10 * (1 + (process.pid % 90)); ; offset += 10) {
    environment = { MILLRACE_SERVICES_FOLDER: temporary.path, MILLRACE_SERVICES_PORT_OFFSET: String(offset) }
    place = servicesPlace(environment)
    const taken = await Promise.all(Object.values(place.ports).map(isTaken))
    if (!taken.includes(true)) return
  }
})
afterAll(async () => {
  await services('stop')
  await temporary.remove()
})

interface Outcome {
  readonly code: number | null
  /** By service: what was said about it. */
  readonly said: Readonly<Record<string, string>>
  readonly text: string
}

async function services(...args: readonly string[]): Promise<Outcome> {
  return servicesIn({}, ...args)
}

async function servicesIn(more: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, ...environment, ...more }
  const child = spawn(join(ROOT, 'scripts/services'), args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (text += bytes))
  const [code] = (await once(child, 'close')) as [number | null]
  const lines = [...text.matchAll(/^(\w+): (.*)$/gm)].map(([, name, line]) => [name!, line!] as const)
  return { code, said: Object.fromEntries(lines), text }
}

const all = (sentence: string) => Object.fromEntries(NAMES.map((name) => [name, sentence]))
const addressOf = (name: (typeof NAMES)[number]) => `127.0.0.1:${place.ports[name]}`

async function pids(): Promise<number[]> {
  const { code, said } = await services('status')
  expect(code).toBe(0)
  return NAMES.map((name) => {
    const [, address, pid] = /^running on (.*), pid (\d+)$/.exec(said[name]!)!
    expect(address).toBe(addressOf(name))
    return Number(pid)
  })
}

describe('scripts/services', () => {
  it.each<[string[], Record<string, string>, number, RegExp]>([
    [['--help'], {}, 0, /install\|start\|stop\|status \[kafka\|redis\|clickhouse\|all\]/],
    [['begin'], {}, 2, /install\|start\|stop\|status/],
    [['start', 'constructor'], {}, 2, /install\|start\|stop\|status/],
    [['start', 'redis', 'kafka'], {}, 2, /install\|start\|stop\|status/],
    [['status'], { MILLRACE_SERVICES_PORT_OFFSET: '-1' }, 2, /give a whole number up to 10000/],
    [['status'], { MILLRACE_SERVICES_FOLDER: join(ROOT, '.services') }, 2, /needs a MILLRACE_SERVICES_FOLDER/],
  ])('%j with %j ends with its code', async (args, more, code, words) => {
    const outcome = await servicesIn(more, ...args)
    expect([outcome.code, outcome.text]).toEqual([code, expect.stringMatching(words)])
  })

  it('installs what is missing, and finds it there the next time', async () => {
    expect(await services('install')).toMatchObject({ code: 0, said: all('installed') })
  })

  it('stops nothing and says so where nothing runs', async () => {
    expect(await services('status')).toMatchObject({ code: 1, said: all('not running') })
    expect(await services('stop')).toMatchObject({ code: 0, said: all('was not running') })
  })

  it('starts each once, though it is asked for twice at the same time and again later', async () => {
    const outcomes = await Promise.all([services('start'), services('start')])
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0])
    for (const name of NAMES) {
      expect(outcomes.map(({ said }) => said[name]).sort()).toEqual([
        `already running on ${addressOf(name)}`,
        `started on ${addressOf(name)}`,
      ])
    }
    const running = await pids()
    expect((await services('start', 'redis')).said).toEqual({ redis: `already running on ${addressOf('redis')}` })
    expect((await services('start')).code).toBe(0)
    expect(await pids()).toEqual(running)
  })

  it('starts those that were killed, with all that they had', async () => {
    const redis = (...args: string[]) => spawnSync('redis-cli', ['-p', String(place.ports.redis), ...args]).stdout
    const kafka = new Kafka({ brokers: [addressOf('kafka')], logLevel: logLevel.NOTHING }).admin()
    const account = { username: 'millrace', password: 'millrace', database: 'millrace' }
    const clickhouse = createClient({ url: `http://${addressOf('clickhouse')}`, ...account })

    redis('set', 'k', 'kept')
    await kafka.connect()
    // Who waits for leaders is told at times that there is no such topic yet.
    await kafka.createTopics({ waitForLeaders: false, topics: [{ topic: 'kept', numPartitions: 3 }] })
    await kafka.disconnect()
    await clickhouse.command({ query: 'CREATE TABLE t (text String) ENGINE = MergeTree ORDER BY text' })
    await clickhouse.insert({ table: 't', values: [{ text: 'kept' }], format: 'JSONEachRow' })

    const before = await pids()
    for (const pid of before) process.kill(pid, 'SIGKILL')
    expect(await services('status')).toMatchObject({ code: 1, said: all('not running') })
    expect(await services('start')).toMatchObject({
      code: 0,
      said: Object.fromEntries(NAMES.map((name) => [name, `started on ${addressOf(name)}`])),
    })
    for (const pid of await pids()) expect(before).not.toContain(pid)

    expect(redis('get', 'k').toString()).toBe('kept\n')
    await kafka.connect()
    expect((await kafka.fetchTopicMetadata({ topics: ['kept'] })).topics[0]!.partitions).toHaveLength(3)
    await kafka.disconnect()
    const rows = await clickhouse.query({ query: 'SELECT text FROM t', format: 'JSONEachRow' })
    expect(await rows.json()).toEqual([{ text: 'kept' }])
    await clickhouse.close()
  })

  it('says so where a server hangs', async () => {
    const [, redis] = await pids()
    process.kill(redis!, 'SIGSTOP')
    expect(await services('status', 'redis')).toMatchObject({
      code: 1,
      said: { redis: `pid ${redis} does not answer on ${addressOf('redis')}` },
    })
    process.kill(redis!, 'SIGCONT')
    expect((await services('status', 'redis')).code).toBe(0)
  })

  it('stops all, once', async () => {
    const identities = (await pids()).map((pid) => ({ pid, started: processStarted(pid) }))
    expect(identities.map(isAlive)).toEqual([true, true, true])
    expect(await services('stop', 'redis')).toMatchObject({ code: 0, said: { redis: 'stopped' } })
    expect(await services('stop')).toMatchObject({
      code: 0,
      said: { ...all('stopped'), redis: 'was not running' },
    })
    expect(identities.map(isAlive)).toEqual([false, false, false])
    expect(await services('stop')).toMatchObject({ code: 0, said: all('was not running') })
  })
})

describe('what scripts/services did not start', () => {
  const strangers: Server[] = []
  afterEach(async () => {
    for (const stranger of strangers.splice(0)) await once(stranger.close(), 'close')
  })

  it('has a port, is told, and is left alone', async () => {
    for (const name of NAMES) {
      const stranger = createServer((socket) => socket.on('error', () => {}).end('+PONG\r\n'))
      stranger.listen(place.ports[name], '127.0.0.1')
      await once(stranger, 'listening')
      strangers.push(stranger)
    }
    const listens = 'something else listens on'
    expect(await services('status')).toMatchObject({
      code: 1,
      said: Object.fromEntries(NAMES.map((name) => [name, `not running; ${listens} ${addressOf(name)}`])),
    })
    const starts = await Promise.all(NAMES.map((name) => services('start', name)))
    expect(starts.map(({ code, said }) => [code, said])).toEqual([
      [1, { kafka: `Kafka cannot start: ${listens} ${addressOf('kafka')}` }],
      [1, { redis: `Redis cannot start: ${listens} ${addressOf('redis')}` }],
      [1, { clickhouse: `ClickHouse cannot start: ${listens} ${addressOf('clickhouse')}` }],
    ])
    expect(await services('stop')).toMatchObject({ code: 0, said: all('was not running') })
    expect(await Promise.all(NAMES.map((name) => isTaken(place.ports[name])))).toEqual([true, true, true])
  })

  it('and has a number that one of ours had before is left alone', async () => {
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' })
    try {
      const identity = { pid: stranger.pid!, started: 'at another time' }
      await writeFile(join(place.folder, 'redis', 'redis.pid'), JSON.stringify(identity))
      expect(await services('status', 'redis')).toMatchObject({ code: 1, said: { redis: 'not running' } })
      expect(await services('stop', 'redis')).toMatchObject({ code: 0, said: { redis: 'was not running' } })
      expect(isAlive({ pid: stranger.pid!, started: processStarted(stranger.pid!) })).toBe(true)
    } finally {
      stranger.kill('SIGKILL')
    }
  })
})
