import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timelineKey, timelinePrefix } from '../../../src/features/timeline-key.ts'
import { hashSlot } from '../../../src/stores/online/redis/hash-slot.ts'
import { KeyNames } from '../../../src/stores/online/redis/key-names.ts'
import { KnownExpiries } from '../../../src/stores/online/redis/known-expiries.ts'

const SECRET = 'a secret of some length'
const plain = new KeyNames('', null)
const hiding = new KeyNames('prod:', SECRET)

describe('names of keys', () => {
  it('are the keys themselves, behind the prefix', () => {
    const key = timelineKey('f00d', ['card-1'])
    expect(plain.toRedis(key)).toBe('mr:f00d:{6:card-1}')
    expect(new KeyNames('prod:', null).toRedis(key)).toBe('prod:mr:f00d:{6:card-1}')
    expect(new KeyNames('prod:', null).fromRedis('test:mr:f00d:{6:card-1}')).toBeNull()
  })

  it('keep apart what is the store’s own', () => {
    expect(() => plain.toRedis('millrace:documents')).toThrow(/begins with millrace:, as the store's own do/)
    for (const name of [plain.documents, plain.marksOf(0)]) expect(plain.fromRedis(name)).toBeNull()
  })

  it('hide the entity, keep it on its node and are the same each time', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
          { minLength: 1, maxLength: 3 },
        ),
        (parts) => {
          const [one, two] = [timelineKey('f00d', parts), timelineKey('beef', parts)].map((key) => hiding.toRedis(key))
          expect(one).toMatch(/^prod:mr:f00d:\{=[\w-]{22}\}$/)
          expect(hashSlot(one!)).toBe(hashSlot(two!))
          expect(one!.slice('prod:mr:f00d:'.length)).toBe(two!.slice('prod:mr:beef:'.length))
          // What a walk finds is given back as it is.
          expect(hiding.toRedis(hiding.fromRedis(one!)!)).toBe(one)
        },
      ),
      { seed: 3 },
    )
    const key = timelineKey('f00d', ['card-1'])
    expect(hiding.toRedis(key)).not.toBe(hiding.toRedis(timelineKey('f00d', ['card-2'])))
    expect(hiding.toRedis(key)).not.toBe(new KeyNames('prod:', `${SECRET}.`).toRedis(key))
    expect(hiding.toRedis('no tag')).toBe('prod:no tag')
  })

  it('are found by prefix, whatever stands in it', () => {
    expect(hiding.pattern(timelinePrefix('f00d'))).toBe('prod:mr:f00d:{*')
    expect(plain.pattern('a*[b]?\\^-')).toBe('a\\*\\[b\\]\\?\\\\\\^\\-*')
  })

  it.each(['{tag}', 'a*', 'ü', 'x'.repeat(101)])('refuse the prefix %s', (prefix) => {
    expect(() => new KeyNames(prefix, null)).toThrow(RangeError)
  })

  it('refuse a secret that can be guessed', () => {
    expect(() => new KeyNames('', 'short')).toThrow(/at least 16 bytes/)
  })
})

describe('known expiries', () => {
  const HOUR = 3_600_000
  const covers = (known: KnownExpiries, key: string, expires_at_ms: number) => {
    known.hash(key)
    return known.holds(known.at, known.first, known.second, expires_at_ms)
  }
  const set = (known: KnownExpiries, key: string, expires_at_ms: number) => {
    known.hash(key)
    known.put(known.at, known.first, known.second, expires_at_ms)
  }

  it('cover what was set, up to its hour, and nothing else', () => {
    const known = new KnownExpiries(1 << 10)
    expect(covers(known, 'a', 1)).toBe(false)
    set(known, 'a', 10.5 * HOUR)
    expect(covers(known, 'a', 10 * HOUR)).toBe(true)
    expect(covers(known, 'a', 10 * HOUR + 1)).toBe(false)
    expect(covers(known, 'b', HOUR)).toBe(false)
    set(known, 'a', 20 * HOUR)
    expect(covers(known, 'a', 15 * HOUR)).toBe(true)
  })

  it('never take one timeline for another, however small the table', () => {
    const known = new KnownExpiries(4)
    let wrong = 0
    for (let i = 0; i < 20_000; i++) {
      if (covers(known, `card-${i}`, HOUR)) wrong++
      set(known, `card-${i}`, 100 * HOUR)
      if (!covers(known, `card-${i}`, HOUR)) wrong++
    }
    expect(wrong).toBe(0)
  })

  it('tell keys apart whose characters are the same bytes in another grouping', () => {
    const parts = [
      'a',
      'a\0',
      'a\0\0\0',
      '\u0161',
      'a\u0001',
      '\u0161\0\0\0',
      'a\u0001\0\0',
      '\0\0\0\0',
      '\0',
      'abcd',
      'abcda',
    ]
    const keys = parts.flatMap((part) => [part, `card${part}`, `${part}card`, `\u0100${part}`])
    const known = new KnownExpiries(1)
    for (const one of keys) {
      set(known, one, 100 * HOUR)
      expect(keys.filter((key) => covers(known, key, HOUR))).toEqual(keys.filter((key) => key === one))
    }
  })
})
