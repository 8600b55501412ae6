import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { KafkaEventLog } from '../../../src/stores/log/kafka/kafka.ts'
import { type KafkaBrokers, startBrokers } from './kafka-broker.ts'
import { LogFeeder, LogFollower, until } from './log-follower.ts'

const KILLS = 4

/** Each with a broker of its own, all at the same time: most of it is waiting. */
function itOnABroker(name: string, test: (brokers: KafkaBrokers) => Promise<void>): void {
  it.concurrent(name, async () => {
    const brokers = await startBrokers()
    try {
      await test(brokers)
    } finally {
      await brokers.dispose()
    }
  })
}

itOnABroker(
  'everything acknowledged is read, in its place, while the broker is killed -9 and started again',
  async (brokers) => {
    const log = brokers.log()
    const reading = brokers.log({ session_ms: 6_000 })
    await log.ensureTopic('t', 4)
    const feeder = new LogFeeder(log, 't')
    const follower = new LogFollower(reading, 't')
    const [server] = brokers.servers
    for (let kill = 0; kill < KILLS; kill++) {
      const before = feeder.acknowledged.size
      await until(() => feeder.acknowledged.size > before + 200)
      await sleep(100 * kill)
      await server!.stop('SIGKILL')
      await sleep(300)
      await server!.start()
    }
    const before = feeder.acknowledged.size
    await until(() => feeder.acknowledged.size > before + 200)
    await feeder.stop()
    await until(() => [...feeder.acknowledged.keys()].every((place) => follower.seen.has(place)))
    await follower.stop()
    for (const [place, text] of feeder.acknowledged) expect(follower.seen.get(place)).toBe(text)
    // Whatever failed to be acknowledged may be there or not, but nothing twice under one place, and nothing that was not sent.
    expect(feeder.failures).toEqual([])
    const counts = new Map<string, number>()
    for (const text of follower.seen.values()) counts.set(text, (counts.get(text) ?? 0) + 1)
    expect([...counts].filter(([, count]) => count > 1)).toEqual([])
    await log.close()
    await reading.close()
  },
)

itOnABroker(
  'an append fails, with the reason, while the broker is away for longer than it may take, and the next one is written',
  async (brokers) => {
    const log = brokers.log({ delivery_ms: 3_000 })
    await log.ensureTopic('t', 1)
    const message = (text: string) => [{ key: 'k', value: Buffer.from(text) }]
    await log.append('t', message('before'))
    const [server] = brokers.servers
    await server!.stop('SIGKILL')
    await expect(log.append('t', message('during'))).rejects.toThrow(/ECONNREFUSED|ECONNRESET|Closed connection/)
    await expectBounded(log)
    await server!.start()
    expect(await log.append('t', message('after'))).toEqual([{ partition: 0, offset: 1 }])
    const { values } = await log.read('t', 0, 0, 10)
    expect(values.map((value) => Buffer.from(value).toString())).toEqual(['before', 'after'])
    await log.close()
  },
)

/** What waits for a broker that is away is bounded, in bytes and in time. */
async function expectBounded(log: KafkaEventLog): Promise<void> {
  // 17 MB, which is more than one request takes: each call is a group of its own.
  const large = Array.from({ length: 17 }, () => ({ key: 'k', value: Buffer.alloc(1_000_000, 'x') }))
  const begun_ms = performance.now()
  const failed: { readonly message: string; readonly after_ms: number }[] = []
  const appends = Array.from({ length: 12 }, () =>
    log.append('t', large).catch(({ message }: Error) => {
      failed.push({ message, after_ms: performance.now() - begun_ms })
    }),
  )
  await Promise.all(appends)
  expect(failed).toHaveLength(appends.length)
  const full = failed.filter(({ message }) => message.includes('bytes wait for the brokers already'))
  expect(full).toHaveLength(4)
  // Nobody waits for all that are before him, each of which is tried for so long.
  const tried = failed.filter(({ message }) => !message.includes('t took nothing for'))
  expect(tried.length - full.length).toBeLessThanOrEqual(2)
}

itOnABroker('a reader at the end is told while the broker is away, and goes on by itself', async (brokers) => {
  const log = brokers.log()
  await log.ensureTopic('t', 1)
  await log.append('t', [{ key: 'k', value: Buffer.from('one') }])
  const { nextOffset } = await log.read('t', 0, 0, 10)
  const [server] = brokers.servers
  await server!.stop('SIGKILL')
  const reason = () =>
    log.read('t', 0, nextOffset, 10).then(
      () => '',
      (error: unknown) => String(error),
    )
  await until(async () => /ECONNREFUSED|ECONNRESET|Closed connection/.test(await reason()))
  await server!.start()
  await until(async () => (await reason()) === '')
  await log.append('t', [{ key: 'k', value: Buffer.from('two') }])
  const { values } = await log.read('t', 0, nextOffset, 10)
  expect(Buffer.from(values[0]!).toString()).toBe('two')
  await log.close()
})
