import { describe, expect, it } from 'vitest'
import { source, z } from '../../src/index.ts'
import { logins, payments, problemsOf, untyped } from './definition-kit.ts'

/** What is wrong, the definitions, and what `check` says of them. */
const WRONG: readonly (readonly [wrong: string, exports: Record<string, unknown>, says: string])[] = [
  [
    'a strict schema',
    {
      payments: source(
        'payments',
        untyped({ schema: z.strictObject({ id: z.string(), at: z.iso.datetime() }), id: 'id', time: 'at' }),
      ),
    },
    `defs.ts: source payments: the schema is strict, loose or has a catchall, but columns that it does not name are ignored; write z.object({ ... })`,
  ],
  [
    'a refined schema',
    {
      payments: source(
        'payments',
        untyped({
          schema: z.object({ id: z.string(), at: z.iso.datetime() }).refine(() => true),
          id: 'id',
          time: 'at',
        }),
      ),
    },
    `defs.ts: source payments: the schema has a check on whole events, as .refine(), which the archive cannot judge; write z.object({ ... })`,
  ],
  [
    'an id that is any number',
    { payments: payments({ id: z.number() }) },
    `defs.ts: source payments: id 'id' is z.number(), which can pass 2^53 and have decimals; write z.string(), or z.int() where it stays below 2^53`,
  ],
  [
    'an id that may be null',
    { payments: payments({ id: z.string().nullable() }) },
    `defs.ts: source payments: id 'id' may be null, but an event without an id cannot be told from another; leave .nullable() and .optional() out`,
  ],
  [
    'an id that is a flag',
    { payments: payments({ id: z.boolean() }) },
    `defs.ts: source payments: id 'id' is of type bool; write z.string(), or z.int() where it stays below 2^53`,
  ],
  [
    'an id that is no column',
    { payments: payments({}, { id: 'uuid' }) },
    `defs.ts: source payments: id is "uuid", which is no column; name one of id, at`,
  ],
  [
    'a time that is any text',
    { payments: payments({ at: z.string() }) },
    `defs.ts: source payments: time 'at' is of type string; write z.iso.datetime({ offset: true }), or z.int() for epoch milliseconds`,
  ],
  [
    'a time that may be missing',
    { payments: payments({ at: z.iso.datetime().optional() }) },
    `defs.ts: source payments: time 'at' may be null, but an event without a time is in no window; leave .nullable() and .optional() out`,
  ],
  [
    'a time that is any number',
    { payments: payments({ at: z.number() }) },
    `defs.ts: source payments: time 'at' is z.number(), which can pass 2^53 and have decimals; write z.iso.datetime({ offset: true }), or z.int() for epoch milliseconds`,
  ],
  [
    'a version that is any number',
    { payments: payments({ v: z.number() }, { version: 'v' }) },
    `defs.ts: source payments: version 'v' is z.number(), which can pass 2^53 and have decimals; write z.int() or z.iso.datetime({ offset: true })`,
  ],
  [
    'a version that may be null',
    { payments: payments({ v: z.int().nullable() }, { version: 'v' }) },
    `defs.ts: source payments: version 'v' may be null, but of two copies without a version none is the newer; leave .nullable() and .optional() out`,
  ],
  [
    'a deleted that is no flag',
    { payments: payments({ gone: z.int() }, { deleted: 'gone' }) },
    `defs.ts: source payments: deleted 'gone' is of type int; write z.boolean()`,
  ],
  [
    'a column with two parts to play',
    { payments: payments({}, { version: 'at' }) },
    `defs.ts: source payments: 'at' is named twice among id, time, version and deleted; give each a column of its own`,
  ],
  [
    'a reserved column',
    { payments: payments({ _origin: z.string() }) },
    `defs.ts: source payments: '_origin' cannot be the name of a column; use letters, digits and underscores, beginning with a letter (names that begin with _ are reserved)`,
  ],
  [
    'a column with a blank',
    { payments: payments({ 'card id': z.string() }) },
    `defs.ts: source payments: 'card id' cannot be the name of a column; use letters, digits and underscores, beginning with a letter (names that begin with _ are reserved)`,
  ],
  [
    'a source with a capital letter',
    {
      payments: source(
        'Payments',
        untyped({ schema: z.object({ id: z.string(), at: z.iso.datetime() }), id: 'id', time: 'at' }),
      ),
    },
    `defs.ts: source Payments: 'Payments' cannot be the name of a source; use small letters, digits and single underscores between them, beginning with a letter, as tx_count`,
  ],
  [
    'an outcome that is no column',
    { payments: payments({ v: z.int() }, { outcome: ['status'], version: 'v' }) },
    `defs.ts: source payments: outcome names 'status', which is no column; name some of id, at, v`,
  ],
  [
    'the id as an outcome',
    { payments: payments({ v: z.int() }, { outcome: ['id'], version: 'v' }) },
    `defs.ts: source payments: outcome names 'id', the id of the event, which is known when it is scored; leave it out`,
  ],
  [
    'the version as an outcome',
    { payments: payments({ v: z.int() }, { outcome: ['v'], version: 'v' }) },
    `defs.ts: source payments: outcome names 'v', the version of the event, which is null while it is scored in any case; leave it out`,
  ],
  [
    'an outcome named twice',
    { payments: payments({ v: z.int(), f: z.boolean() }, { outcome: ['f', 'f'], version: 'v' }) },
    `defs.ts: source payments: outcome names 'f' twice; name it once`,
  ],
  [
    'outcomes without a version',
    { payments: payments({ f: z.boolean() }, { outcome: ['f'] }) },
    `defs.ts: source payments: it has outcomes but no version: when an event comes again with its outcome, neither copy is the newer one; name a column that grows with each copy, as version: 'updated_at'`,
  ],
  [
    'a topic with a blank',
    { payments: payments({}, { stream: { topic: 'pay ments' } }) },
    `defs.ts: source payments: stream.topic "pay ments" is not a name of a topic; use 1 to 249 letters, digits, dots, underscores and hyphens`,
  ],
  [
    'a table with two dots',
    { payments: payments({}, { archive: { table: 'a.b.c' } }) },
    `defs.ts: source payments: archive.table "a.b.c" is not a name of a table; use letters, digits and underscores, as 'payments_auth' or 'fraud.payments_auth'`,
  ],
  [
    'a lag that is no duration',
    { payments: payments({}, { archive: { table: 't', lag: 'soon' } }) },
    `defs.ts: source payments: archive.lag is 'soon', which is not a duration; write a whole number of s, m, h or d, as '7d'`,
  ],
  [
    'a precision that is not there',
    { payments: payments({}, { archive: { table: 't', precision: 'us' } }) },
    `defs.ts: source payments: archive.precision is "us"; write 'ms' or 's'`,
  ],
  [
    'a mapped column that is not there',
    { payments: payments({}, { archive: { table: 't', columns: { card: 'c' } } }) },
    `defs.ts: source payments: archive.columns maps 'card', which is no column; map some of id, at`,
  ],
  [
    'a column mapped to a reserved one',
    { payments: payments({}, { archive: { table: 't', columns: { id: '_origin' } } }) },
    `defs.ts: source payments: archive.columns maps 'id' to "_origin", which cannot be a column; use letters, digits and underscores; _origin, _sequence and _arrived_ms are taken`,
  ],
  [
    'two columns mapped to one',
    { payments: payments({}, { archive: { table: 't', columns: { id: 'at' } } }) },
    `defs.ts: source payments: the columns 'id' and 'at' are both 'at' in the archive; map them to two columns`,
  ],
  [
    'a lookback in weeks',
    { payments: payments({}, { lookback: '2w' }) },
    `defs.ts: source payments: lookback is '2w', which is not a duration; write a whole number of s, m, h or d, as '7d'`,
  ],
  [
    'tags that are no list',
    { payments: payments({}, { tags: 'pci' }) },
    `defs.ts: source payments: tags is not a list of texts; write them as tags: ['pci']`,
  ],
  [
    'two sources of one name',
    { a: payments(), b: payments() },
    `defs.ts: source payments: another source is called 'payments', in defs.ts; give one of them another name`,
  ],
  [
    'two sources on one topic',
    { a: payments({}, { stream: { topic: 'x' } }), b: logins({}, { stream: { topic: 'x' } }) },
    `defs.ts: source logins: its topic 'x' is also that of source payments; give each source a topic of its own, as stream: { topic: ... }, or say which of its events each takes, as where: { kind: '...' }`,
  ],
  [
    'two sources on one table',
    { a: payments({}, { archive: { table: 'x' } }), b: logins({}, { archive: { table: 'x' } }) },
    `defs.ts: source logins: its table 'x' is also that of source payments; give each source a table of its own, or a view of it`,
  ],
]

describe('wrong sources', () => {
  it.each(WRONG)('%s', (_, exports, says) => {
    expect(problemsOf(exports)).toEqual([says])
  })
})
