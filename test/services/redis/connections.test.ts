import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { timelineKey, timelinePrefix } from '../../../src/features/timeline-key.ts'
import { openRedisOnlineStore, type RedisStoreOptions } from '../../../src/stores/online/redis/redis-online-store.ts'
import type { OnlineStore } from '../../../src/stores/online-store.ts'
import { numbers, range, row, rows } from '../../stores/numbered-rows.ts'
import { Carrier, mark, missing } from './carrier.ts'
import { RedisServer } from './redis-servers.ts'

const add = (key: string, ...list: number[]) => ({ key, rows: rows(...list), expires_at_ms: null })

describe('Redis', () => {
  const cleanups: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  const start = async (...args: string[]) => {
    const server = await RedisServer.start(...args)
    cleanups.push(() => server.dispose())
    return server
  }
  const open = async (url: string, options: Partial<RedisStoreOptions> = {}) => {
    const store = await openRedisOnlineStore({ url, now: () => Date.now(), patience_ms: 200, ...options })
    cleanups.push(() => store.close())
    return store
  }
  const works = async (store: OnlineStore) => {
    await new Carrier(store).carry(200)
    expect(await missing(store, 200)).toEqual([])
  }
  const failure = (opening: Promise<unknown>) => opening.then(() => null).catch((error: unknown) => error as Error)

  it('lets a user in by name and password, with no more rights than it needs', async () => {
    const server = await start()
    const rights = '+@read +@write +@scripting +@connection -@dangerous +info'.split(' ')
    server.cli('acl', 'setuser', 'fraud', 'on', '>p@ss/wo rd', '~prod:*', ...rights)
    const url = `redis://fraud:p%40ss%2Fwo%20rd@127.0.0.1:${server.port}/3`
    const store = await open(url, { prefix: 'prod:' })
    await works(store)
    expect(await store.putDocument('d', 1, 0)).toBe(true)
    expect(await store.swap('k', row(1), row(2))).toBe(false)
    const keys = []
    for await (const key of store.keys('mr:')) keys.push(key)
    expect(keys).toHaveLength(40)
    expect((await store.size()).timelines).toBeNull()
    await store.remove('')
    expect(server.cli('-n', '3', 'dbsize')).toBe('2')
  })

  it.each([
    ['a wrong password', (port: number) => `redis://fraud:hunter2@127.0.0.1:${port}`],
    ['an unknown user', (port: number) => `redis://nobody:hunter2@127.0.0.1:${port}`],
    ['a database that is not there', (port: number) => `redis://127.0.0.1:${port}/99`],
  ])('refuses %s, and the error does not tell the password', async (_, url) => {
    const server = await start()
    server.cli('acl', 'setuser', 'fraud', 'on', '>right')
    const error = await failure(open(url(server.port)))
    expect(error).toMatchObject({
      code: 'REFUSED',
      retryable: false,
      message: expect.stringContaining('does not let us in'),
    })
    expect(error!.message).not.toContain('hunter2')
  })

  it('that wants a password says so', async () => {
    const server = await start()
    server.cli('config', 'set', 'requirepass', 'secret')
    expect(await failure(open(server.url))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('NOAUTH'),
    })
  })

  it('that is not there is an error that names it', async () => {
    const server = await start()
    await server.kill()
    expect(await failure(open(server.url))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`Redis at 127.0.0.1:${server.port} cannot be reached: .*ECONNREFUSED`)),
    })
  })

  it('that is a replica is refused', async () => {
    const [master, replica] = [await start(), await start()]
    replica.cli('replicaof', '127.0.0.1', String(master.port))
    expect(await failure(open(replica.url))).toMatchObject({ message: expect.stringContaining('is a replica') })
  })

  it('over TLS is asked for its certificate', async () => {
    const { folder, files } = await certificate()
    cleanups.push(() => rm(folder, { recursive: true }))
    const server = await RedisServer.startTls(files)
    cleanups.push(() => server.dispose())
    const ca = await readFile(files.cert)
    await works(await open(server.url, { tls: { ca } }))
    await works(await open(server.url.replace('127.0.0.1', 'localhost'), { tls: { ca } }))
    expect(await failure(open(server.url))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('self-signed certificate'),
    })
  })

  it('behind sentinels is found, and found again after a fail-over', async () => {
    const [master, replica, sentinel] = [await start(), await start(), await RedisServer.startSentinel()]
    cleanups.push(() => sentinel.dispose())
    replica.cli('replicaof', '127.0.0.1', String(master.port))
    await until(() => replica.cli('info', 'replication').includes('master_link_status:up'))
    await until(() => /^slave0:.*state=online/m.test(master.cli('info', 'replication')))
    // A sentinel asks a master for its replicas at once, and then every ten seconds.
    sentinel.cli('sentinel', 'monitor', 'main', '127.0.0.1', String(master.port), '1')
    sentinel.cli('sentinel', 'set', 'main', 'down-after-milliseconds', '500')
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/main`
    const store = await open(url, { patience_ms: 20_000, check_ms: 100 })
    await works(store)
    await until(() => sentinel.cli('sentinel', 'replicas', 'main').includes(String(replica.port)))
    await until(() => sentinel.cli('sentinel', 'ckquorum', 'main').startsWith('OK'))
    await master.kill()
    const carrier = new Carrier(store)
    await carrier.carry(600)
    expect(replica.cli('info', 'replication')).toContain('role:master')
    expect(await missing(store, 600)).toEqual([])
    expect(await failure(open(url.replace('main', 'other')))).toMatchObject({
      message: 'no sentinel tells where the master other is',
    })
  })

  it('that forgets its scripts is given them again', async () => {
    const server = await start()
    const store = await open(server.url)
    for (let i = 0; i < 5; i++) {
      server.cli('script', 'flush')
      await store.append(
        [add('k', i)],
        [{ group: 'g', topic: 't', partition: 0, from: i === 0 ? null : i, offset: i + 1 }],
      )
    }
    expect(numbers((await store.read(['k']))[0]!)).toEqual(range(0, 5))
    expect(await mark(store)).toBe(5)
  })

  it('with a foreign key in the way says so, and has written the rest', async () => {
    const server = await start()
    const store = await open(server.url)
    server.cli('lpush', 'foreign', 'x')
    const appends = ['a', 'foreign', 'b'].map((key) => add(key, 1))
    await expect(store.append(appends)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('WRONGTYPE'),
    })
    expect((await store.read(['a', 'b'])).map(numbers)).toEqual([[1], [1]])
    await expect(store.read(['foreign'])).rejects.toMatchObject({ code: 'REFUSED' })
  })

  it('does not learn who its entities are where keys are hidden', async () => {
    const server = await start()
    const store = await open(server.url, { secret: 'not to be told to anybody' })
    const keys = ['card-1', 'card-2'].map((card) => timelineKey('f00d', [card]))
    await store.append(keys.map((key, i) => add(key, i)))
    expect(server.cli('keys', '*')).not.toContain('card')
    expect((await store.read(keys)).map(numbers)).toEqual([[0], [1]])
    const found: string[] = []
    for await (const key of store.keys(timelinePrefix('f00d'))) found.push(key)
    expect((await store.read(found)).map((bytes) => numbers(bytes)![0]).sort()).toEqual([0, 1])
    expect(await store.swap(found[0]!, (await store.read(found))[0]!, row(9))).toBe(true)
    await store.remove(timelinePrefix('f00d'))
    expect(await store.read(keys)).toEqual([null, null])
  })
})

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it did not come to hold')
}

/** A certificate for 127.0.0.1 and localhost that vouches for itself. */
async function certificate() {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  await writeFile(join(folder, 'openssl.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n')
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost'
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=test', '-addext', names]
  const all = [...args, '-config', join(folder, 'openssl.cnf'), '-keyout', files.key, '-out', files.cert]
  const { status, stderr } = spawnSync('openssl', all, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl could not make a certificate: ${stderr}`)
  return { folder, files }
}
