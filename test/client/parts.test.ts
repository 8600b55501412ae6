import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partsOf } from '../../src/client/parts.ts'

const bytes = (texts: readonly string[]) => Buffer.byteLength(texts.join(','))

describe('a list cut in parts', () => {
  it.each<[texts: (string | null)[], items: number, bytes: number, parts: number[][]]>([
    [[], 2, 10, []],
    [['a', 'b', 'c'], 2, 10, [[0, 1], [2]]],
    // 'a,b' is 3 bytes.
    [['a', 'b', 'c'], 9, 3, [[0, 1], [2]]],
    [['a', 'b', 'c'], 9, 2, [[0], [1], [2]]],
    [['ä', 'b'], 9, 3, [[0], [1]]],
    [['ä', 'b'], 9, 4, [[0, 1]]],
    [[null, 'a', null, 'b'], 9, 9, [[1, 3]]],
    [[null], 9, 9, []],
  ])('%j by %i items and %i bytes', (texts, items, bytes, parts) => {
    expect(partsOf(texts, { items, bytes }).map(({ indexes }) => indexes)).toEqual(parts)
  })

  it('is all there in its order, within the limits, and in no more parts than that takes', () => {
    const text = fc.oneof(fc.constant(null), fc.string({ unit: 'grapheme', maxLength: 4 }))
    fc.assert(
      fc.property(
        fc.array(text),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 60, max: 80 }),
        (texts, items, max) => {
          const parts = partsOf(texts, { items, bytes: max })
          const indexes = texts.flatMap((one, index) => (one === null ? [] : [index]))
          expect(parts.flatMap((part) => part.indexes)).toEqual(indexes)
          expect(parts.flatMap((part) => part.texts)).toEqual(indexes.map((index) => texts[index]))
          for (const [i, part] of parts.entries()) {
            expect(part.texts.length).toBeLessThanOrEqual(items)
            expect(bytes(part.texts)).toBeLessThanOrEqual(max)
            const next = parts[i + 1]?.texts[0]
            if (next !== undefined) expect(part.texts.length === items || bytes([...part.texts, next]) > max).toBe(true)
          }
        },
      ),
      { seed: 7 },
    )
  })
})
