import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  type GroupMemberInfo,
} from '../../../src/stores/log/kafka/group-protocol.ts'
import { assign } from '../../../src/stores/log/kafka/sticky-assignment.ts'

const SEEDED = { seed: 42, numRuns: 300 }

const counts = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(30), { minKeys: 1 })
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 })

const fresh = (ids: readonly string[], topics: readonly string[]): GroupMemberInfo[] =>
  ids.map((id) => ({ id, topics, owned: new Map() }))

/** The members as they come to the next rebalance. */
const after = (assigned: ReturnType<typeof assign>, topics: readonly string[]): GroupMemberInfo[] =>
  [...assigned].map(([id, owned]) => ({ id, topics, owned }))

const kept = (before: ReturnType<typeof assign>, now: ReturnType<typeof assign>, topic: string) =>
  [...now].reduce((sum, [id, own]) => {
    const had = before.get(id)?.get(topic) ?? []
    return sum + own.get(topic)!.filter((partition) => had.includes(partition)).length
  }, 0)

it('gives every partition to exactly one of the members that read the topic, evenly', () => {
  fc.assert(
    fc.property(counts, names, (partitions, ids) => {
      const assigned = assign(fresh(ids, Object.keys(partitions)), new Map(Object.entries(partitions)))
      for (const [topic, count] of Object.entries(partitions)) {
        const shares = ids.map((id) => assigned.get(id)!.get(topic)!)
        expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, partition) => partition))
        const sizes = shares.map((share) => share.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }
      const loads = ids.map((id) => [...assigned.get(id)!.values()].reduce((sum, share) => sum + share.length, 0))
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
    }),
    SEEDED,
  )
})

it('moves nothing when nothing changed, and as little as can be when a member comes or goes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 8 }), (count, members) => {
      const partitions = new Map([['t', count]])
      const ids = Array.from({ length: members }, (_, i) => `m${i}`)
      const before = assign(fresh(ids, ['t']), partitions)
      expect(assign(after(before, ['t']), partitions)).toEqual(before)
      const more = assign([...after(before, ['t']), ...fresh(['new'], ['t'])], partitions)
      expect(kept(before, more, 't')).toBe(count - more.get('new')!.get('t')!.length)
      const fewer = assign(
        after(more, ['t']).filter(({ id }) => id !== 'm0'),
        partitions,
      )
      expect(kept(more, fewer, 't')).toBe(count - more.get('m0')!.get('t')!.length)
    }),
    SEEDED,
  )
})

it('gives a topic only to those who read it, and settles two that claim one partition', () => {
  const members: GroupMemberInfo[] = [
    { id: 'x', topics: ['a'], owned: new Map([['a', [0, 1, 2]]]) },
    { id: 'y', topics: ['a', 'b'], owned: new Map([['a', [1, 2, 3, 9]]]) },
  ]
  const assigned = assign(members, new Map(Object.entries({ a: 4, b: 2, nobodys: 3 })))
  expect([...assigned.get('x')!.get('a')!, ...assigned.get('y')!.get('a')!].sort()).toEqual([0, 1, 2, 3])
  expect(assigned.get('x')!.has('b')).toBe(false)
  expect(assigned.get('y')!.get('b')).toEqual([0, 1])
})

it('is told to members in bytes', () => {
  const member = { topics: ['a', 'ü'], owned: new Map([['a', [1, 2]]]) }
  expect(decodeMember('m', encodeMember(member))).toEqual({ id: 'm', ...member })
  const assignment = new Map([
    ['a', [0, 3]],
    ['ü', []],
  ])
  expect(decodeAssignment(encodeAssignment(assignment))).toEqual(assignment)
  expect(decodeAssignment(Buffer.alloc(0))).toEqual(new Map())
})
