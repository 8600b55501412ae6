import { describe, expect, it } from 'vitest'
import { money, z } from '../../src/index.ts'
import { payments, problemsOf } from './definition-kit.ts'

/** What is wrong, the definitions, and what `check` says of them. */
const WRONG: readonly (readonly [wrong: string, exports: Record<string, unknown>, says: string])[] = [
  [
    'a date',
    { payments: payments({ born: z.date() }) },
    `defs.ts: source payments: born is z.date(), which is not in JSON; write z.iso.datetime({ offset: true }), or z.int() for epoch milliseconds`,
  ],
  [
    'a coercion',
    { payments: payments({ amount: z.coerce.number() }) },
    `defs.ts: source payments: amount is z.coerce.number(), which changes values on its way; write z.number() and send the value as it is`,
  ],
  [
    'a bigint',
    { payments: payments({ amount: z.bigint() }) },
    `defs.ts: source payments: amount is z.bigint(), which is not in JSON; write z.int() where it stays below 2^53, else z.string()`,
  ],
  [
    'a union',
    { payments: payments({ amount: z.union([z.string(), z.number()]) }) },
    `defs.ts: source payments: amount is z.union(), which has more than one type; give each type a column of its own`,
  ],
  [
    'an object as a column',
    { payments: payments({ address: z.object({ city: z.string() }) }) },
    `defs.ts: source payments: address is z.object(), which is not one value; make each field a column of its own`,
  ],
  [
    'a list as a column',
    { payments: payments({ items: z.array(z.string()) }) },
    `defs.ts: source payments: items is z.array(), which is not one value; send one event for each element, or a number that sums the list up`,
  ],
  [
    'a record as a column',
    { payments: payments({ items: z.record(z.string(), z.string()) }) },
    `defs.ts: source payments: items is z.record(), which is not one value; make each field a column of its own`,
  ],
  [
    'a column without a type',
    { payments: payments({ items: z.any() }) },
    `defs.ts: source payments: items is z.any(), which has no type; say what the column holds, as z.string(), z.int() or z.enum([...])`,
  ],
  [
    'a default',
    { payments: payments({ kind: z.string().default('x') }) },
    `defs.ts: source payments: kind is .default(), which makes up values; write .optional(): what is not there is null`,
  ],
  [
    'a fallback',
    { payments: payments({ kind: z.string().catch('x') }) },
    `defs.ts: source payments: kind is .catch(), which hides bad values; leave it out: a bad event is refused with its reason`,
  ],
  [
    'a transform',
    { payments: payments({ kind: z.string().transform(Number) }) },
    `defs.ts: source payments: kind is .transform(), which changes values on its way; write the plain type and send the value in that form`,
  ],
  [
    'a preprocess',
    { payments: payments({ kind: z.preprocess(String, z.string()) }) },
    `defs.ts: source payments: kind is z.preprocess(), which changes values on its way; write the plain type and send the value in that form`,
  ],
  [
    'a pipe',
    { payments: payments({ kind: z.string().pipe(z.string()) }) },
    `defs.ts: source payments: kind is .pipe(), which has more than one type; write the plain type and send the value in that form`,
  ],
  [
    'a codec',
    { payments: payments({ kind: z.stringbool() }) },
    `defs.ts: source payments: kind is z.codec() or z.stringbool(), which changes values on its way; write the plain type and send the value in that form`,
  ],
  [
    'a text that is trimmed',
    { payments: payments({ kind: z.string().trim() }) },
    `defs.ts: source payments: kind is .trim(), .toLowerCase() or another overwrite, which changes values on its way; clean the value before it is sent, and check its form with .regex() or .lowercase()`,
  ],
  [
    'a refinement',
    { payments: payments({ kind: z.string().refine((text) => text !== 'x') }) },
    `defs.ts: source payments: kind is .refine() or another check by a function, which is code; use checks that are data: .min(), .max(), .length(), .regex(), .gt(), .lt(), .multipleOf() and the formats`,
  ],
  [
    'a refined amount',
    { payments: payments({ amount: money({ scale: 2 }).refine((minor) => minor > 0) }) },
    `defs.ts: source payments: amount is a check on money(), which is not known to the archive; leave the check out: money({ scale }) is enough`,
  ],
  [
    'a local time',
    { payments: payments({ seen: z.iso.datetime({ local: true }) }) },
    `defs.ts: source payments: seen is z.iso.datetime({ local: true }), which allows times that name no instant; write z.iso.datetime({ offset: true })`,
  ],
  [
    'a time that is a text',
    { payments: payments({ seen: z.string().datetime() }) },
    `defs.ts: source payments: seen is z.string().datetime(), which would be kept as text; write z.iso.datetime({ offset: true })`,
  ],
  [
    'a check on the text of a time',
    { payments: payments({ seen: z.iso.datetime().min(20) }) },
    `defs.ts: source payments: seen is a check on z.iso.datetime(), which judges its text, which the archive does not keep; write z.iso.datetime({ offset: true })`,
  ],
  [
    'an enum of numbers',
    { payments: payments({ kind: z.enum({ a: 1 }) }) },
    `defs.ts: source payments: kind is z.enum() with numbers, which is ambiguous; write z.enum(['a', 'b']) with texts`,
  ],
  [
    'a literal that is no text',
    { payments: payments({ kind: z.literal([1, 2]) }) },
    `defs.ts: source payments: kind is z.literal() of something else than texts, which has no type of its own; write z.enum(['a', 'b']) with texts`,
  ],
  [
    'an enum with an empty text',
    { payments: payments({ kind: z.enum(['', 'a']) }) },
    `defs.ts: source payments: kind is an enum with an empty text, which means null in a CSV file; name it, or write .nullable()`,
  ],
  [
    'a custom type',
    { payments: payments({ kind: z.custom() }) },
    `defs.ts: source payments: kind is z.custom(), which is code; say what the column holds, as z.string(), z.int() or z.enum([...])`,
  ],
  [
    'a format by a function',
    { payments: payments({ kind: z.stringFormat('even', (text) => text.length % 2 === 0) }) },
    `defs.ts: source payments: kind is z.stringFormat() with a function, which is code; write z.stringFormat() with a regular expression`,
  ],
]

describe('wrong columns', () => {
  it.each(WRONG)('%s', (_, exports, says) => {
    expect(problemsOf(exports)).toEqual([says])
  })
})
