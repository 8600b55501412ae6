import { describe, expect, it } from 'vitest'
import { hashSlot, SLOTS, tagOfSlot } from '../../../src/stores/online/redis/hash-slot.ts'
import type { Reply } from '../../../src/stores/online/redis/reply-parser.ts'
import { clusterView, masterOf, onlyMoved } from '../../../src/stores/online/redis/view.ts'

type Node = readonly [host: string | null, port: number, id: string]

const reply = (ranges: readonly (readonly [start: number, end: number, ...nodes: Node[]])[]): Reply =>
  ranges.map(([start, end, ...nodes]) => [
    start,
    end,
    ...nodes.map(([host, port, id]) => [host === null ? null : Buffer.from(host), port, Buffer.from(id), []]),
  ])

const A: Node = ['h', 1, 'a']
const A2: Node = ['h', 11, 'a2']
const B: Node = ['h', 2, 'b']
const C: Node = ['h', 3, 'c']

describe('slots', () => {
  // As `CLUSTER KEYSLOT` of Redis 7 answers.
  it.each([
    ['123456789', 12739],
    ['foo', 12182],
    ['{user1000}.following', 3443],
    ['foo{}{bar}', 8363],
    ['foo{{bar}}zap', 4015],
    ['foo{bar}{zap}', 5061],
    ['日本', 10949],
    ['mr:0123456789abcdef:{6:card-1}', 12511],
  ])('of %s', (key, slot) => {
    expect(hashSlot(key)).toBe(slot)
  })

  it('have a short tag each', () => {
    for (let slot = 0; slot < SLOTS; slot += 61) {
      expect(hashSlot(`marks:{${tagOfSlot(slot)}}`)).toBe(slot)
      expect(tagOfSlot(slot).length).toBeLessThan(5)
    }
  })
})

describe('the view of a cluster', () => {
  it('has masters by their lowest slot, with joined ranges', () => {
    const view = clusterView(
      reply([
        [8000, 16383, B],
        [100, 199, A, A2],
        [0, 50, A, A2],
        [51, 99, A, A2],
        [200, 7999, C],
      ]),
      'asked',
    )
    expect(view.masters).toEqual([
      { id: 'a', address: { host: 'h', port: 1 }, claim: '0-199', home: 0 },
      { id: 'c', address: { host: 'h', port: 3 }, claim: '200-7999', home: 200 },
      { id: 'b', address: { host: 'h', port: 2 }, claim: '8000-16383', home: 8000 },
    ])
    expect([0, 199, 200, 7999, 8000, 16383].map((slot) => masterOf(view, slot).id)).toEqual([
      'a',
      'a',
      'c',
      'c',
      'b',
      'b',
    ])
    expect([...view.replicas]).toEqual(['a2'])
    expect(view.addresses).toHaveLength(4)
  })

  it('takes the host that answered for a node that does not know its own', () => {
    for (const host of ['', null]) {
      const view = clusterView(reply([[0, 16383, [host, 7, 'a']]]), 'asked')
      expect(view.masters[0]!.address).toEqual({ host: 'asked', port: 7 })
    }
  })

  it('is refused where a slot has no owner', () => {
    expect(() => clusterView(reply([[1, 16383, A]]), 'h')).toThrow(/slot 0 of the Redis cluster has no owner/)
    expect(() => clusterView([], 'h')).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  })

  it.each([
    ['nothing', null],
    ['a text', 'OK'],
    ['a list of numbers', [1]],
  ])('is refused when the answer is %s', (_, wrong) => {
    expect(() => clusterView(wrong, 'h')).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })

  it('tells moved slots from a replica that took over', () => {
    const before = clusterView(
      reply([
        [0, 8000, A, A2],
        [8001, 16383, B],
      ]),
      'h',
    )
    const moved = clusterView(
      reply([
        [0, 4000, A, A2],
        [4001, 8000, C],
        [8001, 16383, B],
      ]),
      'h',
    )
    const left = clusterView(reply([[0, 16383, B]]), 'h')
    const failedOver = clusterView(
      reply([
        [0, 4000, A2],
        [4001, 16383, B],
      ]),
      'h',
    )
    expect(onlyMoved(before, moved)).toBe(true)
    expect(onlyMoved(before, left)).toBe(true)
    expect(onlyMoved(before, failedOver)).toBe(false)
  })
})
