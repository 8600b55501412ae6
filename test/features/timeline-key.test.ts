import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KEY_PARTS_BYTES_MAX, keyText, TextKeys, timelineKey, timelinePrefix } from '../../src/features/timeline-key.ts'

const SEED = 20_261_125

describe('the key of a timeline', () => {
  it.each([
    [['card-1'], 'mr:f00d:{6:card-1}'],
    [['card-1', 'm7'], 'mr:f00d:{6:card-1,2:m7}'],
    [['', ''], 'mr:f00d:{0:,0:}'],
    [['a}b{%'], 'mr:f00d:{11:a%7Db%7B%25}'],
    [['a|b', 'c,1:d'], 'mr:f00d:{3:a|b,5:c,1:d}'],
    [['\0'], 'mr:f00d:{1:\0}'],
  ])('%j', (parts, key) => {
    expect(timelineKey('f00d', parts)).toBe(key)
  })

  it('is a hash where its parts are long', () => {
    expect(timelineKey('f00d', ['x'.repeat(2000)])).toBe(
      'mr:f00d:{#daa498a1f585d4a7e5ffa8ec58e4aed8cd6a6fc466489d5c1f64e79761c40989}',
    )
  })

  it('begins with the prefix of its timeline', () => {
    expect(timelineKey('f00d', ['a']).startsWith(timelinePrefix('f00d'))).toBe(true)
  })

  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('{', '}', '%', '7', 'B', 'D', '2', '5', ',', ':', '#', '1', '|', '\0', 'é'), {
        maxLength: 6,
      })
      .map((all) => all.join('')),
    fc.nat({ max: 900 }).map((length) => '}'.repeat(length)),
  )
  const parts = fc.array(part, { minLength: 1, maxLength: 3 })

  it('is of one entity alone', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = a.length === b.length && a.every((text, i) => text === b[i])
        const [keyA, keyB] = [timelineKey('f00d', a), timelineKey('f00d', b)]
        expect(Buffer.from(keyA).equals(Buffer.from(keyB))).toBe(same)
      }),
      { seed: SEED, numRuns: 3000 },
    )
  })

  it('is the same where it is made of one text', () => {
    const keys = new TextKeys('f00d')
    fc.assert(
      fc.property(part, (text) => {
        expect(keys.of(text)).toBe(timelineKey('f00d', [text]))
      }),
      { seed: SEED, numRuns: 2000 },
    )
    for (const length of [0, 127, 128, 340, 341, 342, 1_020, 1_024]) {
      for (const text of ['x'.repeat(length), 'é'.repeat(length)])
        expect(keys.of(text)).toBe(timelineKey('f00d', [text]))
    }
  })

  it('has all of its parts within the first pair of braces, and fits the store', () => {
    fc.assert(
      fc.property(parts, (given) => {
        const key = timelineKey('0123456789abcdef', given)
        expect(key.indexOf('}')).toBe(key.length - 1)
        expect(key.lastIndexOf('{')).toBe('mr:0123456789abcdef:'.length)
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(KEY_PARTS_BYTES_MAX + 30)
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})

describe('the text of a part', () => {
  it.each([
    [{ kind: 'string', bytesMax: 9 }, '007', '007'],
    [{ kind: 'enum', values: ['a'] }, 'a', 'a'],
    [{ kind: 'int' }, -7, '-7'],
    [{ kind: 'int' }, Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [{ kind: 'bool' }, true, 'true'],
  ] as const)('%j %j', (type, value, text) => {
    expect(keyText(type, value)).toBe(text)
  })
})
