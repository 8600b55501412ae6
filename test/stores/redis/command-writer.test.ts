import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Argument, CommandWriter } from '../../../src/stores/online/redis/command-writer.ts'
import { ReplyParser } from '../../../src/stores/online/redis/reply-parser.ts'

/** A command is written as a list of values is replied, so that the parser reads it. */
function read(pieces: readonly Uint8Array[]): unknown[] {
  const commands: unknown[] = []
  const parser = new ReplyParser((reply) => commands.push(reply))
  for (const piece of pieces) parser.feed(Buffer.from(piece))
  return commands
}

/** By the book. */
function encode(command: readonly Argument[]): Buffer {
  const parts = command.map((argument) =>
    typeof argument === 'object' ? Buffer.from(argument) : Buffer.from(`${argument}`),
  )
  const framed = parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')])
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...framed])
}

const argument: fc.Arbitrary<Argument> = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed()) },
  { weight: 9, arbitrary: fc.maxSafeNat() },
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  // Longer than a piece.
  { weight: 1, arbitrary: fc.constant(new Uint8Array(70_000)) },
  { weight: 1, arbitrary: fc.constant('é'.repeat(40_000)) },
)

describe('commands', () => {
  it('are written as Redis reads them', () => {
    const writer = new CommandWriter()
    fc.assert(
      fc.property(fc.array(fc.array(argument, { minLength: 1, maxLength: 5 }), { maxLength: 6 }), (commands) => {
        for (const command of commands) writer.add(...command)
        const { length } = writer
        const written = Buffer.concat(writer.take())
        expect(written.length).toBe(length)
        expect(Buffer.compare(written, Buffer.concat(commands.map(encode)))).toBe(0)
      }),
      { seed: 11, numRuns: 300 },
    )
    expect(writer.take()).toEqual([])
  })

  it('append as by any command', () => {
    const [one, other] = [new CommandWriter(), new CommandWriter()]
    const rows = fc.uint8Array({ maxLength: 300 })
    const appends = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), rows, fc.boolean()), { maxLength: 6 })
    fc.assert(
      fc.property(appends, (all) => {
        for (const [key, bytes, asking] of all) {
          one.asking = asking
          other.asking = asking
          one.append(key, bytes)
          other.add('APPEND', key, bytes)
        }
        expect(Buffer.concat(one.take()).equals(Buffer.concat(other.take()))).toBe(true)
      }),
      { seed: 12, numRuns: 300 },
    )
  })

  it('go behind ASKING where they are asked to', () => {
    const writer = new CommandWriter()
    writer.asking = true
    writer.add('GET', 'k')
    writer.asking = false
    writer.add('GET', 'l')
    expect(read(writer.take()).map(String)).toEqual(['ASKING', 'GET,k', 'GET,l'])
  })

  it('leave what was taken alone', () => {
    const writer = new CommandWriter()
    writer.add('first')
    const first = writer.take()
    const before = Buffer.concat(first)
    for (let i = 0; i < 10_000; i++) writer.add('second')
    expect(Buffer.concat(first)).toEqual(before)
  })

  it('are written to memory again that was given back, and to no other', () => {
    const writer = new CommandWriter()
    const write = (what: string) => {
      for (let i = 0; i < 10_000; i++) writer.add(what, String(i))
      return writer.take()
    }
    const memory = (pieces: readonly Uint8Array[]) => pieces.slice(0, -1).map(({ buffer }) => buffer)
    const first = write('first')
    const spent = writer.takeSpent()
    expect(spent.map(({ buffer }) => buffer)).toEqual(memory(first))
    const second = write('second')
    const before = Buffer.concat(second)
    expect(memory(second).some((buffer) => memory(first).includes(buffer))).toBe(false)
    writer.reuse(spent)
    const third = write('third')
    expect(memory(third).some((buffer) => memory(first).includes(buffer))).toBe(true)
    expect(Buffer.concat(second).equals(before)).toBe(true)
    expect(read(third).length).toBe(10_000)
  })
})
