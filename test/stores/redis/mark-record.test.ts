import { describe, expect, it } from 'vitest'
import {
  areWhole,
  hasEvicted,
  haveOthers,
  type MarkRecord,
  markOf,
  NO_RECORD,
  nodesOf,
  nodesText,
  parseRecord,
  placesOf,
  type Records,
  storeOffsets,
  wentBack,
} from '../../../src/stores/online/redis/mark-record.ts'
import type { ServerInfo } from '../../../src/stores/online/redis/server-info.ts'
import type { View } from '../../../src/stores/online/redis/view.ts'

const record = (offsets: Record<string, number>, rest: Partial<MarkRecord> = {}): MarkRecord => ({
  claim: '0-9',
  born: '1.5',
  version: 3,
  read: 3,
  evicted: 'run:0',
  nodes: '',
  offsets: new Map(Object.entries(offsets)),
  removed: new Map(),
  writers: [],
  ...rest,
})

const view = {
  masters: [
    { home: 0, claim: '0-9' },
    { home: 10, claim: '10-16383' },
  ],
} as unknown as View
const records = (first: MarkRecord, second: MarkRecord): Records =>
  new Map([
    [0, first],
    [10, second],
  ])

describe('the record of a node', () => {
  it('is read from its hash, whatever else stands there', () => {
    const fields = [
      'slots',
      '0-9',
      'state',
      '17.25/42',
      'evicted',
      'r:7',
      'nodes',
      '0=0-9 10=10-16383',
      '~writer',
      '9',
      '["g","t",0]',
      '1099511627776',
      '-["h",',
      '41',
    ]
    expect(parseRecord(fields.map((field) => Buffer.from(field)))).toEqual({
      claim: '0-9',
      born: '17.25',
      version: 42,
      read: 42,
      evicted: 'r:7',
      nodes: '0=0-9 10=10-16383',
      offsets: new Map([['["g","t",0]', 2 ** 40]]),
      removed: new Map([['["h",', 41]]),
      writers: ['~writer'],
    })
    expect(parseRecord([])).toEqual(NO_RECORD)
    expect(markOf('["g","t",3]', 8)).toEqual({ group: 'g', topic: 't', partition: 3, offset: 8 })
    expect(nodesText(view)).toBe('0=0-9 10=10-16383')
    expect(nodesOf(nodesText(view))).toEqual(view)
  })

  it.each([
    ['goes on', record({ a: 5 }, { version: 4 }), false],
    ['is as it was', record({ a: 4 }), false],
    ['is gone', NO_RECORD, true],
    ['is another', record({ a: 9 }, { born: '2.5', version: 9 }), true],
    ['was written less often', record({ a: 4 }, { version: 2 }), true],
    ['has a lower mark', record({ a: 3 }, { version: 4 }), true],
    ['lacks a mark', record({}, { version: 4 }), true],
    ['has another claim', record({}, { version: 4, claim: '0-5' }), false],
  ])('that %s: went back', (_, after, back) => {
    expect(wentBack(record({ a: 4 }), after)).toBe(back)
    expect(wentBack(NO_RECORD, after)).toBe(false)
  })

  it.each([
    ['since it was read', 4, { '["h","t",0]': 9 }, false],
    ['since it was read, and has begun again', 4, { '["g","t",0]': 1, '["h","t",0]': 9 }, false],
    ['before it was read', 3, { '["h","t",0]': 9 }, true],
    ['since it was read, while another group is behind', 4, { '["h","t",0]': 8 }, true],
  ])('whose marks of a group were taken away %s: went back', (_, version, offsets, back) => {
    const before = record({ '["g","t",0]': 5, '["h","t",0]': 9 })
    const after = record(offsets as Record<string, number>, {
      version: 6,
      removed: new Map([[placesOf('g'), version]]),
    })
    expect(wentBack(before, after)).toBe(back)
    // What this process has written since it read adds to what it knew.
    expect(wentBack({ ...before, version: 5 }, after)).toBe(back)
  })

  it.each([
    ['none since', 'run:5', 'run', 5, false],
    ['some since', 'run:5', 'run', 6, true],
    ['none by a new process', 'old:5', 'run', 0, false],
    ['some by a new process', 'old:5', 'run', 1, true],
    ['not known at first', '', 'run', 1, true],
  ])('tells evictions: %s', (_, evicted, run, count, expected) => {
    const info = { run, evicted: count } as ServerInfo
    expect(hasEvicted(record({}, { evicted }), info)).toBe(expected)
    expect(hasEvicted(NO_RECORD, info)).toBe(false)
  })
})

describe('the marks of the store', () => {
  const other = (offsets: Record<string, number>) => record(offsets, { claim: '10-16383' })

  it('are the lowest of all nodes, and none where a node has none', () => {
    const both = records(record({ a: 5, b: 2, c: 1 }), other({ a: 3, b: 7, d: 1 }))
    expect([...storeOffsets(both, view)]).toEqual([
      ['a', 3],
      ['b', 2],
    ])
  })

  it.each([
    ['has no record', NO_RECORD, false],
    ['vouches for fewer slots than it has', record({ a: 3 }, { claim: '10-99' }), true],
    ['vouches for slots of others', record({ a: 3 }, { claim: '0-16383' }), true],
  ])('are none at all where a node %s', (_, second, others) => {
    expect(areWhole(records(record({ a: 5 }), second), view)).toBe(false)
    expect(haveOthers(records(record({ a: 5 }), second), view)).toBe(others)
    expect([...storeOffsets(records(record({ a: 5 }), second), view)]).toEqual([])
  })
})
