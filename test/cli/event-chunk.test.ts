import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ChunkLimits, type EncodeRecords, eventChunks, RecordError } from '../../src/cli/ingest/event-chunk.ts'
import { BEGINNING, RecordSplitter } from '../../src/cli/ingest/record-splitter.ts'

const NO_LIMITS: Pick<ChunkLimits, 'events' | 'bytes'> = { events: 1_000, bytes: 1_000_000 }

function chunksOf(text: string | Buffer, limits = NO_LIMITS, encode: EncodeRecords | null = null) {
  const block = new RecordSplitter(null).push(Buffer.from(text), true)
  return [...eventChunks(block, { ...limits, portion_bytes: 1 }, encode)].map((chunk) => ({
    body: Buffer.from(chunk.body).toString(),
    lines: chunk.lines,
    texts: chunk.lines.map((_, i) => chunk.text(i)),
    refused: chunk.refused,
    sentBefore: chunk.sentBefore,
    end: chunk.end,
  }))
}

describe('lines of JSON are sent as they stand', () => {
  it('in chunks of so many events', () => {
    expect(chunksOf('a\nbb\nc\n', { events: 2, bytes: 100 })).toEqual([
      { body: 'a\nbb', lines: [1, 2], texts: ['a', 'bb'], refused: [], sentBefore: 0, end: { bytes: 5, line: 2 } },
      { body: 'c', lines: [3], texts: ['c'], refused: [], sentBefore: 0, end: { bytes: 7, line: 3 } },
    ])
  })

  it('in chunks of so many bytes, and a longer line alone', () => {
    expect(chunksOf('aa\nbb\ncccccccccc\ndd', { events: 9, bytes: 6 }).map(({ body }) => body)).toEqual([
      'aa\nbb',
      'cccccccccc',
      'dd',
    ])
  })

  it('without blank lines, so that a place in the answer is a place in the chunk', () => {
    expect(chunksOf('a\n\n  \nb\n\n')).toEqual([
      { body: 'a\nb', lines: [1, 4], texts: ['a', 'b'], refused: [], sentBefore: 0, end: { bytes: 9, line: 5 } },
    ])
    expect(chunksOf('\n\n')).toEqual([
      { body: '', lines: [], texts: [], refused: [], sentBefore: 0, end: { bytes: 2, line: 2 } },
    ])
    expect(chunksOf('')).toEqual([])
  })

  it('but for those that are not UTF-8', () => {
    const text = Buffer.concat([Buffer.from('a\n'), Buffer.from([0x63, 0xe9, 0x0a]), Buffer.from('é\n')])
    const [chunk] = chunksOf(text)
    expect(chunk).toMatchObject({ body: 'a\né', lines: [1, 3], end: { line: 3 } })
    expect(chunk!.refused).toEqual([
      { line: 2, reason: 'it is not UTF-8: convert the file, as with iconv -f latin1 -t utf8', text: 'c\ufffd' },
    ])
  })
})

it('encodes records, and keeps apart what was refused and what was sent before', () => {
  const encode: EncodeRecords = (texts) =>
    texts.map((text) => (text === 'bad' ? new RecordError('no') : text === 'old' ? null : `<${text}>`))
  expect(chunksOf('old\na\nbad\nold\nb', NO_LIMITS, encode)).toEqual([
    {
      body: '<a>\n<b>',
      lines: [2, 5],
      texts: ['a', 'b'],
      refused: [{ line: 3, reason: 'no', text: 'bad' }],
      sentBefore: 2,
      end: { bytes: 15, line: 5 },
    },
  ])
})

it('loses and doubles no line, and says after each chunk where the next one begins', () => {
  const line = fc.constantFrom('a', 'bb', 'ccc', '', ' ', 'bad', 'x'.repeat(30))
  const limits = fc.record({ events: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 1, max: 40 }) })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), limits, fc.boolean(), (lines, limit, encoded) => {
      const text = lines.map((one) => `${one}\n`).join('')
      const encode: EncodeRecords = (texts) => texts.map((one) => (one === 'bad' ? new RecordError('no') : one))
      const seen: [number, string][] = []
      let end = BEGINNING
      for (const chunk of chunksOf(text, limit, encoded ? encode : null)) {
        const found = chunk.lines.map((number, i): [number, string] => [number, chunk.texts[i]!])
        found.push(...chunk.refused.map(({ line: number, text: one }): [number, string] => [number, one]))
        for (const [number] of found) {
          expect(number).toBeGreaterThan(end.line)
          expect(number).toBeLessThanOrEqual(chunk.end.line)
        }
        expect(chunk.body === '' ? [] : chunk.body.split('\n')).toEqual(chunk.texts)
        expect(chunk.lines.length).toBeLessThanOrEqual(limit.events)
        seen.push(...found)
        end = chunk.end
        // Whoever goes on from here finds the next line.
        expect(text.slice(end.bytes)).toBe(
          lines
            .slice(end.line)
            .map((one) => `${one}\n`)
            .join(''),
        )
      }
      const wanted = lines.map((one, i): [number, string] => [i + 1, one]).filter(([, one]) => one.trim() !== '')
      expect(seen.sort(([a], [b]) => a - b)).toEqual(wanted)
      expect(end.line).toBe(lines.length)
    }),
    { seed: 5, numRuns: 300 },
  )
})
