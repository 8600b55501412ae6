import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextNumbers } from '../../src/stores/text-numbers.ts'

describe('texts', () => {
  it('are numbered as they come, equal ones alike, again after each batch', () => {
    const numbers = new TextNumbers()
    const text = fc.oneof(
      fc.nat({ max: 4_000 }).map(String),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('', '\0', '\0\0', 'a', 'a\0', '\ud800'),
    )
    fc.assert(
      fc.property(fc.array(text, { maxLength: 3_000, size: 'max' }), (texts) => {
        const known = new Map<string, number>()
        for (const one of texts) {
          if (!known.has(one)) known.set(one, known.size)
          expect(numbers.add(one)).toBe(known.get(one))
        }
        expect(numbers.texts).toEqual([...known.keys()])
        numbers.clear()
        expect(numbers.texts).toEqual([])
      }),
      { seed: 20_261_128, numRuns: 60 },
    )
  })
})
