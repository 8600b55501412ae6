import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ErrorReply } from '../../../src/stores/online/redis/redis-error.ts'
import { type Reply, ReplyParser } from '../../../src/stores/online/redis/reply-parser.ts'

function parse(...chunks: readonly (string | Buffer)[]): Reply[] {
  const replies: Reply[] = []
  const parser = new ReplyParser((reply) => replies.push(reply))
  for (const chunk of chunks) parser.feed(Buffer.from(chunk as string))
  return replies
}

/** As Redis would write it. */
function encode(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n')
  if (typeof reply === 'number') return Buffer.from(`:${reply}\r\n`)
  if (typeof reply === 'string') return Buffer.from(`+${reply}\r\n`)
  if (reply instanceof ErrorReply) return Buffer.from(`-${reply.message}\r\n`)
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from('\r\n')])
  const items = reply as readonly Reply[]
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items.map(encode)])
}

const line = fc.string({ maxLength: 20 }).map((text) => text.replace(/[\r\n]/g, '.'))
const simple = fc.oneof(
  fc.constant(null),
  fc.integer(),
  line,
  line.map((text) => new ErrorReply(text)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
)
const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 4, arbitrary: simple },
  fc.array(fc.oneof(simple, fc.array(simple, { maxLength: 3 })), { maxLength: 4 }),
)

describe('replies of Redis', () => {
  it('are the same however the bytes are cut', () => {
    const cuts = fc.array(fc.nat(), { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 8 }), cuts, (replies, places) => {
        const bytes = Buffer.concat(replies.map(encode))
        const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
        const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
        expect(parse(...chunks.filter(({ length }) => length > 0))).toEqual(replies)
      }),
      { seed: 7, numRuns: 500 },
    )
  })

  it('are the same byte by byte, also long ones', () => {
    const replies: Reply[] = [Buffer.alloc(20_000, 7), 'OK', [Buffer.alloc(9_000, 1), 5, [null]], -3]
    const bytes = Buffer.concat(replies.map(encode))
    expect(parse(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(replies)
    const chunks = Array.from({ length: Math.ceil(bytes.length / 4_095) }, (_, i) =>
      bytes.subarray(i * 4_095, (i + 1) * 4_095),
    )
    expect(parse(...chunks)).toEqual(replies)
  })

  it.each([
    ['an unknown type', '?3\r\n', /begins with byte 63/],
    ['a line feed first', '\n', /begins with byte 10/],
    ['a number with letters', ':12a\r\n', /a number is not one/],
    ['a number without digits', ':\r\n', /a number is not one/],
    ['a sign alone', ':-\r\n', /a number is not one/],
    ['a number past 2^53', ':9007199254740992\r\n', /past 2\^53/],
    ['a number without end', `:${'9'.repeat(100)}`, /past 2\^53/],
    ['a number that ends with LF', ':1\n\n', /a number is not one/],
    ['a value of length -2', '$-2\r\n', /a value has length -2/],
    ['a value of length -0', '$-0\r\n', /a value has length 0/],
    ['a value too long', '$536870913\r\n', /a value has length 536870913/],
    ['a value longer than it says', '$2\r\nabc\r\n', /does not end where it should/],
    ['a list too long', '*99999999\r\n', /a list has length 99999999/],
    ['lists too deep', '*1\r\n'.repeat(9), /too deep/],
    ['a status that ends with CR', '+OK\rOK\r\n', /ends with CR alone/],
    ['a status without end', `+${'x'.repeat(70_000)}`, /a line has no end/],
  ])('with %s are refused', (_, bytes, message) => {
    expect(() => parse(bytes)).toThrow(message)
    expect(() => parse(bytes)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })
})
