import { describe, expect, it } from 'vitest'
import { debezium, z } from '../../src/index.ts'
import { logins, payments, problemsOf } from './definition-kit.ts'

const takes = (where: unknown, more: object = {}) => ({ stream: { topic: 'bank', where, ...more } })
const decode = () => null
const asynchronous = async () => null

/** What is wrong, the definitions, and what `check` says of them. */
const WRONG: readonly (readonly [wrong: string, exports: Record<string, unknown>, says: string])[] = [
  [
    'a where that is no object',
    { a: payments({}, takes('transfer')) },
    `defs.ts: source payments: stream.where is no object; name one field and what it is, as where: { kind: 'transfer' }`,
  ],
  [
    'a where of no field',
    { a: payments({}, takes({})) },
    `defs.ts: source payments: stream.where names no field; name the one field that tells events of the topic apart, as where: { kind: 'transfer' }`,
  ],
  [
    'a where of two fields',
    { a: payments({}, takes({ kind: 'a', sort: 'b' })) },
    `defs.ts: source payments: stream.where names 'kind' and 'sort'; name the one field that tells events of the topic apart, as where: { kind: 'transfer' }`,
  ],
  [
    'a where of nothing',
    { a: payments({}, takes({ kind: [] })) },
    `defs.ts: source payments: stream.where: kind is an empty list; name at least one value, as where: { kind: 'transfer' }`,
  ],
  [
    'a where of null',
    { a: payments({}, takes({ kind: ['a', null] })) },
    `defs.ts: source payments: stream.where: kind is null; write a text, a number, true or false, as where: { kind: 'transfer' }`,
  ],
  [
    'a where with a value twice',
    { a: payments({}, takes({ kind: [1, 2, 1] })) },
    `defs.ts: source payments: stream.where: kind names 1 twice; name it once`,
  ],
  [
    'a where on the tombstone',
    { a: payments({ gone: z.boolean() }, { deleted: 'gone', ...takes({ gone: false }) }) },
    `defs.ts: source payments: stream.where looks at 'gone', the deleted of an event, which changes while the event stays; name a field that says what kind of event it is`,
  ],
  [
    'a where on an outcome',
    { a: payments({ v: z.int(), s: z.string() }, { version: 'v', outcome: ['s'], ...takes({ s: 'ok' }) }) },
    `defs.ts: source payments: stream.where looks at 's', an outcome, which an event has only later; name a field that says what kind of event it is`,
  ],
  [
    'a topic whose quarantine would have too long a name',
    { a: payments({}, { stream: { topic: 't'.repeat(230), where: { kind: 'a' } } }) },
    `defs.ts: source payments: the topic of its refused events would have 250 characters; give the topic or the source a shorter name`,
  ],
  [
    'a shared topic of which one source takes all',
    { a: payments({}, takes({ kind: 'a' })), b: logins({}, { stream: { topic: 'bank' } }) },
    `defs.ts: source logins: its topic 'bank' is also that of source payments; give each source a topic of its own, as stream: { topic: ... }, or say which of its events each takes, as where: { kind: '...' }`,
  ],
  [
    'a shared topic told apart by two fields',
    { a: payments({}, takes({ kind: 'a' })), b: logins({}, takes({ sort: 'b' })) },
    `defs.ts: source logins: its where looks at the field 'sort' of topic 'bank', and that of source payments at 'kind'; name one field in both: an event must be of one source only`,
  ],
  [
    'a value of two sources',
    { a: payments({}, takes({ kind: ['a', 'b'] })), b: logins({}, takes({ kind: ['c', 'b'] })) },
    `defs.ts: source logins: its where takes kind "b" of topic 'bank', which source payments takes too; leave it to one of them`,
  ],
  [
    'a shared topic that is decoded in two ways',
    { a: payments({}, takes({ kind: 'a' }, { decode })), b: logins({}, takes({ kind: 'b' })) },
    `defs.ts: source logins: its topic 'bank' is also that of source payments, which decodes its messages otherwise; give both the same function, as const decode = ...`,
  ],
  [
    'a decode that is no function',
    { a: payments({}, { stream: { topic: 'bank', decode: 'json' } }) },
    `defs.ts: source payments: stream.decode is "json", which is no function; write a function of bytes and context, or debezium()`,
  ],
  [
    'an asynchronous decode',
    { a: payments({}, { stream: { topic: 'bank', decode: asynchronous } }) },
    `defs.ts: source payments: stream.decode is asynchronous, but messages are read in one go; return the rows themselves: what it needs must be there when the definitions are loaded`,
  ],
  [
    'debezium() without a version',
    { a: payments({ gone: z.boolean() }, { deleted: 'gone', stream: { topic: 'bank', decode: debezium() } }) },
    `defs.ts: source payments: stream.decode is debezium(), which needs a version column; add one that is z.int(), as version: 'version': it fills the column itself`,
  ],
  [
    'debezium() without a deleted',
    { a: payments({ v: z.int() }, { version: 'v', stream: { topic: 'bank', decode: debezium() } }) },
    `defs.ts: source payments: stream.decode is debezium(), which needs a deleted column; add one that is z.boolean(), as deleted: 'deleted': it fills the column itself`,
  ],
  [
    'debezium() with a time and keys that the rows do not bring',
    {
      a: payments(
        { v: z.int(), gone: z.boolean(), shop: z.string() },
        {
          version: 'v',
          deleted: 'gone',
          compute: { bin: { version: 1, type: z.string(), of: () => 'x' } },
          stream: { topic: 'bank', decode: debezium({ times: { at: 'us' }, keys: ['shop', 'bin'] }) },
        },
      ),
    },
    `defs.ts: source payments: stream.decode is debezium(), and names 'bin', which no row brings; name some of id, at, v, gone, shop`,
  ],
  [
    'debezium() with a version that is a time',
    {
      a: payments(
        { v: z.iso.datetime({ offset: true }), gone: z.boolean() },
        { version: 'v', deleted: 'gone', stream: { topic: 'bank', decode: debezium() } },
      ),
    },
    `defs.ts: source payments: version 'v' is of type time, but debezium() numbers versions; write z.int()`,
  ],
]

describe('wrong streams', () => {
  it.each(WRONG)('%s', (_, exports, says) => {
    expect(problemsOf(exports)).toEqual([says])
  })

  it('are none where each source takes kinds of its own', () => {
    const a = payments({}, takes({ kind: ['a', 1, true] }, { decode }))
    expect(problemsOf({ a, b: logins({}, takes({ kind: ['b', '1', false] }, { decode })) })).toEqual([])
  })
})
