import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash64, hash64Hex, IdHash } from '../../src/timeline/id-hash.ts'

const SEED = 20_261_127

function halves(hash: IdHash): bigint {
  return (BigInt(hash.high) << 32n) | BigInt(hash.low)
}

describe('the hash of an id', () => {
  // The first two are the reference's own, of xxHash's documentation; all are what ClickHouse's xxHash64 answers.
  it.each([
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['abc', 0x44bc2cf5ad770999n],
  ])('of %j is xxHash64', (text, wanted) => {
    const hash = new IdHash()
    hash.of(text)
    expect(halves(hash)).toBe(wanted)
    expect(hash64(text)).toBe(wanted)
    expect(hash64Hex(text)).toBe(wanted.toString(16).padStart(16, '0'))
  })

  it('is the same in halves, at every length', () => {
    const hash = new IdHash()
    for (let length = 0; length < 600; length++) {
      for (const text of ['x'.repeat(length), '~'.repeat(length), 'é'.repeat(length), '😀'.repeat(length)]) {
        hash.of(text)
        expect(halves(hash)).toBe(hash64(text))
      }
    }
  })

  it('is the same in halves for any text', () => {
    const hash = new IdHash()
    const text = fc.oneof(
      fc.string({ maxLength: 100 }),
      fc.uuid(),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.nat().map((number) => `payment-${number}`),
    )
    fc.assert(
      fc.property(text, (one) => {
        hash.of(one)
        expect(halves(hash)).toBe(hash64(one))
      }),
      { seed: SEED, numRuns: 20_000 },
    )
  })
})
