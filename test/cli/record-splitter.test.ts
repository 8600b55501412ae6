import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BEGINNING, RECORD_BYTES_MAX, RecordSplitter, type Refusal } from '../../src/cli/ingest/record-splitter.ts'

interface Found {
  readonly records: readonly { readonly line: number; readonly text: string }[]
  readonly refused: readonly Refusal[]
  readonly end: { readonly bytes: number; readonly line: number }
}

/** Splits a text that comes in portions of the given sizes, the last one as often as needed. */
function split(text: string, delimiter: string | null, sizes: readonly number[] = [RECORD_BYTES_MAX]): Found {
  const bytes = Buffer.from(text)
  const splitter = new RecordSplitter(delimiter)
  const records: { line: number; text: string }[] = []
  const refused: Refusal[] = []
  let end = BEGINNING
  const take = (portion: Buffer, last: boolean): void => {
    const block = splitter.push(portion, last)
    expect(block.at).toEqual(end)
    for (const [i, start] of block.starts.entries()) {
      records.push({ line: block.lines[i]!, text: block.bytes.toString('utf8', start, block.ends[i]) })
    }
    refused.push(...block.refused)
    end = block.end
  }
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[Math.min(i, sizes.length - 1)]!
    take(bytes.subarray(at, at + size), false)
    at += size
  }
  take(Buffer.alloc(0), true)
  return { records, refused, end }
}

const texts = (found: Found) => found.records.map(({ text }) => text)
const lines = (found: Found) => found.records.map(({ line }) => line)

describe('lines', () => {
  it.each([
    ['', []],
    ['\n', []],
    ['a', ['1:a']],
    ['a\n', ['1:a']],
    ['a\nb', ['1:a', '2:b']],
    ['a\r\nb\r\n', ['1:a', '2:b']],
    ['\n\na\n \t\r\nb', ['3:a', '5:b']],
    ['{"a":"x"}\n"\nc', ['1:{"a":"x"}', '2:"', '3:c']],
  ])('%j', (text, expected) => {
    const found = split(text, null)
    expect(found.records.map(({ line, text }) => `${line}:${text}`)).toEqual(expected)
    expect(found.refused).toEqual([])
    expect(found.end.bytes).toBe(Buffer.byteLength(text))
  })

  it('refuses a line that is too long, shows its beginning, and goes on behind it', () => {
    const long = 'x'.repeat(RECORD_BYTES_MAX + 1)
    for (const sizes of [[RECORD_BYTES_MAX * 3], [RECORD_BYTES_MAX], [300_000]]) {
      const found = split(`a\n${long}\nb\n${long}`, null, sizes)
      expect(texts(found)).toEqual(['a', 'b'])
      expect(lines(found)).toEqual([1, 3])
      expect(found.refused.map(({ line, reason }) => [line, reason])).toEqual([
        [2, 'the line has more than 1048576 bytes'],
        [4, 'the line has more than 1048576 bytes'],
      ])
      expect(found.refused[0]!.text).toBe('x'.repeat(4_096))
      expect(found.end).toEqual({ bytes: long.length * 2 + 5, line: 4 })
    }
  })

  it('takes a line of the greatest length', () => {
    const long = 'x'.repeat(RECORD_BYTES_MAX)
    expect(texts(split(`${long}\n${long}`, null, [1_000_000]))).toEqual([long, long])
  })
})

describe('records of CSV', () => {
  it.each([
    ['a,b\nc,d\n', ['1:a,b', '2:c,d']],
    ['"a\nb",c\nd', ['1:"a\nb",c', '3:d']],
    ['"a\r\nb"\r\nc\r\n', ['1:"a\r\nb"', '3:c']],
    ['"a""b","""",""\nx', ['1:"a""b","""",""', '2:x']],
    ['"a""\n""b"\nx', ['1:"a""\n""b"', '3:x']],
    // A quote inside a cell that has none around it opens nothing: the line is wrong by itself, and no other with it.
    ['5" pipe,1\n6" pipe,2\n', ['1:5" pipe,1', '2:6" pipe,2']],
    ['a, "b\nc', ['1:a, "b', '2:c']],
    ['a;"b\nc";d\ne', ['1:a;"b', '2:c";d', '3:e']],
  ])('%j', (text, expected) => {
    for (let size = 1; size <= text.length; size++) {
      const found = split(text, ',', [size])
      expect(found.records.map(({ line, text }) => `${line}:${text}`)).toEqual(expected)
    }
  })

  it('parts cells by the delimiter that it is given', () => {
    expect(texts(split('a;"b\nc";d\ne', ';'))).toEqual(['a;"b\nc";d', 'e'])
  })

  it('refuses the line of a quote that never closes, and takes up again with the next line', () => {
    for (const size of [3, 5, 100]) {
      const found = split('a,b\nc,"d\ne,f\ng,"h""\ni,j\n', ',', [size])
      expect(texts(found)).toEqual(['a,b', 'e,f', 'i,j'])
      expect(found.refused.map(({ line, text }) => `${line}:${text}`)).toEqual(['2:c,"d', '4:g,"h""'])
      expect(found.refused[0]!.reason).toBe(
        'a quote is opened that does not close a cell within 1048576 bytes: double a quote inside a cell',
      )
      expect(found.end.line).toBe(5)
    }
  })

  it('refuses it also where far more follows than a record may have', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => `${i},abcdef`)
    const found = split(`x,"open\n${rows.join('\n')}\n`, ',', [400_000])
    expect(found.refused.map(({ line }) => line)).toEqual([1])
    expect(found.records.length).toBe(200_000)
    expect(found.records.at(-1)).toEqual({ line: 200_001, text: '199999,abcdef' })
  })

  it('finds the records that a CSV parser finds, however the text is cut', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '7', ' ', '"', ',', '\n', '\r\n', 'é', ';'), maxLength: 6 })
    const rows = fc.array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 8,
    })
    const newline = fc.constantFrom('\n', '\r\n')
    fc.assert(
      fc.property(
        rows,
        newline,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        (rows, end, sizes) => {
          const quoted = (text: string, always: boolean) =>
            always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
          const written = rows.map((row) => row.map(([text, always]) => quoted(text, always)).join(','))
          const text = written.map((record) => record + end).join('')
          const found = split(text, ',', sizes)
          const wanted = written.filter((record) => record.trim() !== '')
          expect(texts(found)).toEqual(wanted)
          expect(found.refused).toEqual([])
          expect(found.end).toEqual({ bytes: Buffer.byteLength(text), line: text.split('\n').length - 1 })
          const parsed = texts(found).map(
            (record) => parse(record, { relax_column_count: true, record_delimiter: '\n' })[0],
          )
          expect(parsed).toEqual(
            rows.filter((_, i) => written[i]!.trim() !== '').map((row) => row.map(([cellText]) => cellText)),
          )
        },
      ),
      { seed: 7, numRuns: 500 },
    )
  })
})
