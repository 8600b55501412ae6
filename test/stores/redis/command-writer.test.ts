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

  it('take a value in parts', () => {
    const writer = new CommandWriter()
    writer.begin(2)
    writer.text('SET')
    writer.bytesBegin(5)
    writer.bytesPart(Buffer.from('ab'))
    writer.bytesPart(Buffer.from('cde'))
    writer.bytesEnd()
    expect(Buffer.concat(writer.take()).toString()).toBe('*2\r\n$3\r\nSET\r\n$5\r\nabcde\r\n')
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
})
