import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { KafkaEventLog } from '../../../src/stores/log/kafka/kafka.ts'
import { type KafkaBrokers, startBrokers } from './kafka-broker.ts'
import { LogFeeder, LogFollower, until } from './log-follower.ts'

const PARTITIONS = 6
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition)

let brokers: KafkaBrokers
let topic: string
let number = 0
const opened: KafkaEventLog[] = []
const processes: ChildProcess[] = []

beforeAll(async () => {
  brokers = await startBrokers()
})
afterAll(() => brokers?.dispose())
beforeEach(async () => {
  topic = `topic-${++number}`
  await open().ensureTopic(topic, PARTITIONS)
})
afterEach(async () => {
  for (const child of processes.splice(0)) child.kill('SIGKILL')
  await Promise.all(opened.splice(0).map((log) => log.close()))
})

/** As short as a busy machine allows, for tests that wait for one to end. */
const SHORT_SESSION_MS = 3_000

function open(session_ms = 6_000): KafkaEventLog {
  const log = brokers.log({ session_ms, metadata_ms: 300 })
  opened.push(log)
  return log
}

const sorted = (partitions: readonly number[]) => [...partitions].sort((a, b) => a - b)

/** A member in a process of its own, and the partitions that it last told. */
function spawnMember(group: string) {
  const script = join(import.meta.dirname, 'group-member-process.ts')
  const args = [brokers.addresses[0]!, topic, group, String(SHORT_SESSION_MS)]
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  processes.push(child)
  const member = { child, partitions: [] as number[] }
  let text = ''
  child.stdout.on('data', (bytes) => {
    text += bytes
    const lines = text.split('\n')
    text = lines.pop()!
    if (lines.length > 0) member.partitions = JSON.parse(lines.at(-1)!)
  })
  return member
}

it('a session that the brokers do not take is told by its option, with what they take', async () => {
  await expect(open(10).assigned('g', topic)).rejects.toThrow(
    'the brokers take no session (kafka.session) of 10 ms: give one between their group.min.session.timeout.ms and ' +
      'group.max.session.timeout.ms, 6 s and 30 min by default',
  )
})

it('two installations on one Kafka each get all partitions, where their groups have beginnings of their own', async () => {
  const logs = ['staging.', ''].map((groupPrefix) => {
    const log = brokers.log({ session_ms: 6_000, groupPrefix })
    opened.push(log)
    return log
  })
  for (const log of logs) expect(sorted(await log.assigned('one', topic))).toEqual(ALL)
  await logs[0]!.commit('one', topic, new Map([[0, 7]]))
  await until(async () => (await logs[0]!.committed('one', topic)).get(0) === 7)
  expect(await logs[1]!.committed('one', topic)).toEqual(new Map())
})

describe('workers of one group', () => {
  it('keep the group from being removed', async () => {
    const [log, other] = [open(), open()]
    await log.ensureTopic(topic, PARTITIONS)
    expect(await log.assigned('busy', topic)).toEqual(ALL)
    await log.commit('busy', topic, new Map([[0, 3]]))
    expect(await other.removeGroup('busy')).toBe(false)
    await log.close()
    expect(await other.committed('busy', topic)).toEqual(new Map([[0, 3]]))
    expect(await other.removeGroup('busy')).toBe(true)
    expect(await other.committed('busy', topic)).toEqual(new Map())
  })

  it('share the partitions, evenly, through one coming and going after another, and miss nothing', async () => {
    const session_ms = 12_000
    const logs = [open(session_ms), open(session_ms), open(session_ms)]
    const feeder = new LogFeeder(open(), topic, { callers: 1, pause_ms: 5 })
    const followers: LogFollower[] = []
    const shared = () => {
      const shares = followers.map(({ partitions }) => partitions)
      const even = shares.every((share) => share.length === PARTITIONS / followers.length)
      return even && sorted(shares.flat()).join() === ALL.join()
    }
    for (const log of logs) {
      followers.push(new LogFollower(log, topic))
      await until(shared)
    }
    const before = followers.map(({ partitions }) => partitions)
    // Who leaves gives its partitions away, not the end of its session; the others keep theirs.
    const begun = Date.now()
    await followers.shift()!.stop()
    await logs[0]!.close()
    await until(shared)
    expect(Date.now() - begun).toBeLessThan(session_ms)
    for (const [i, { partitions }] of followers.entries())
      expect(partitions).toEqual(expect.arrayContaining([...before[i + 1]!]))
    await feeder.stop()
    const seen = () => new Map(followers.flatMap((follower) => [...follower.seen]))
    await until(() => [...feeder.acknowledged.keys()].every((place) => seen().has(place)))
    for (const [place, text] of feeder.acknowledged) expect(seen().get(place)).toBe(text)
    for (const follower of followers) await follower.stop()
    expect(followers.flatMap(({ failures }) => failures)).toEqual([])
  })

  it('go on reading what they have while somebody joins', async () => {
    const log = open()
    const follower = new LogFollower(log, topic)
    await until(() => follower.partitions.length === PARTITIONS)
    const joining = open()
    void joining.assigned('followers', topic)
    await until(() => follower.partitions.length === PARTITIONS / 2)
    // It was never without partitions.
    expect(follower.assignments.map((partitions) => partitions.length)).toEqual([PARTITIONS, PARTITIONS / 2])
    await follower.stop()
  })

  it('of two topics have their share of each; another group has all', async () => {
    const [one, two, other] = [open(), open(), open()]
    const second = `${topic}-second`
    await one.ensureTopic(second, 2)
    const shares = async () => {
      const of = (name: string) => Promise.all([one, two].map((log) => log.assigned('g', name)))
      return [(await of(topic)).map((share) => share.length), (await of(second)).map((share) => share.length)]
    }
    await until(async () => JSON.stringify(await shares()) === '[[3,3],[1,1]]')
    expect(await other.assigned('other', topic)).toEqual(ALL)
  })

  it('read partitions that a topic is given later', async () => {
    const follower = new LogFollower(open(), topic)
    await until(() => follower.partitions.length === PARTITIONS)
    const feeder = new LogFeeder(open(), topic, { callers: 1 })
    const admin = new Kafka({ brokers: [...brokers.addresses], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS + 2 }] })
    await admin.disconnect()
    await until(() => follower.partitions.length === PARTITIONS + 2)
    await until(() => [...feeder.acknowledged.keys()].some((place) => place.startsWith(`${PARTITIONS}/`)))
    await feeder.stop()
    await until(() => [...feeder.acknowledged.keys()].every((place) => follower.seen.has(place)))
    await follower.stop()
  })

  it('take over from one that is stopped (SIGSTOP), and share with it again when it goes on', async () => {
    const stopped = spawnMember('followers')
    await until(() => stopped.partitions.length === PARTITIONS)
    const log = open(SHORT_SESSION_MS)
    const follower = new LogFollower(log, topic)
    await until(() => follower.partitions.length === PARTITIONS / 2 && stopped.partitions.length === PARTITIONS / 2)
    const kept = follower.partitions
    stopped.child.kill('SIGSTOP')
    await until(() => follower.partitions.length === PARTITIONS)
    await log.append(topic, [{ key: 'k', value: Buffer.from('x') }])
    await log.commit('followers', topic, new Map(ALL.map((partition) => [partition, 1])))
    await until(async () => (await log.committed('followers', topic)).size === PARTITIONS)
    stopped.child.kill('SIGCONT')
    await until(() => follower.partitions.length === PARTITIONS / 2)
    await until(() => sorted([...follower.partitions, ...stopped.partitions]).join() === ALL.join())
    expect(sorted(follower.partitions)).toHaveLength(kept.length)
    await follower.stop()
  })

  it('take over from one that was killed', async () => {
    const killed = spawnMember('followers')
    await until(() => killed.partitions.length === PARTITIONS)
    const follower = new LogFollower(open(SHORT_SESSION_MS), topic)
    await until(() => follower.partitions.length === PARTITIONS / 2)
    killed.child.kill('SIGKILL')
    await until(() => follower.partitions.length === PARTITIONS)
    await follower.stop()
  })
})

describe('positions', () => {
  it('are committed by whoever has the partition, not by one that lost it', async () => {
    const [one, two] = [open(), open()]
    await one.assigned('g', topic)
    await one.commit('g', topic, new Map(ALL.map((partition) => [partition, 5])))
    expect((await one.committed('g', topic)).size).toBe(PARTITIONS)
    await two.assigned('g', topic)
    await until(async () => (await one.assigned('g', topic)).length === PARTITIONS / 2)
    const theirs = await two.assigned('g', topic)
    await two.commit('g', topic, new Map(theirs.map((partition) => [partition, 9])))
    await one.commit('g', topic, new Map(ALL.map((partition) => [partition, 7])))
    await two.committed('g', topic)
    const found = await one.committed('g', topic)
    for (const partition of ALL) expect(found.get(partition)).toBe(theirs.includes(partition) ? 9 : 7)
  })

  it('are sent when the log is closed, and soon if it is not', async () => {
    const [one, two] = [open(), open()]
    await one.commit('g', topic, new Map([[1, 4]]))
    await until(async () => (await two.committed('g', topic)).get(1) === 4)
    await one.commit('g', topic, new Map([[2, 6]]))
    await one.close()
    expect(await two.committed('g', topic)).toEqual(
      new Map([
        [1, 4],
        [2, 6],
      ]),
    )
  })

  it('of a group whose members are other processes are refused, with the reason', async () => {
    const [one, two] = [open(), open()]
    await one.assigned('g', topic)
    await two.commit('g', topic, new Map([[1, 4]]))
    await expect(two.committed('g', topic)).rejects.toThrow()
    await sleep(10)
    expect((await one.committed('g', topic)).size).toBe(0)
  })
})
