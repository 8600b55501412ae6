import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withoutException } from '../../../src/stores/archive/http/exception-block.ts'

const TAG = 'dngjzjnxkvlwkeua'
const TEXT = 'Code: 395. DB::Exception: boom. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 25.11.1.1)'
const TAGGED = `\r\n__exception__\r\n${TAG}\r\n${TEXT}\n${TEXT.length + 1} ${TAG}\r\n__exception__\r\n`
const UNTAGGED = `\r\n__exception__\r\n${TEXT}\n`

/** Bytes cut at these places; broken off at the end where `isBroken`. */
async function* cut(bytes: Buffer, places: readonly number[], isBroken: boolean): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const place of [...places].sort((a, b) => a - b)) {
    if (place > from) yield bytes.subarray(from, place)
    from = Math.max(from, place)
  }
  if (from < bytes.length) yield bytes.subarray(from)
  if (isBroken) throw new Error('broken off')
}

async function outcome(chunks: AsyncIterable<Uint8Array>, tag: string | null) {
  const passed: Uint8Array[] = []
  try {
    for await (const chunk of withoutException(chunks, tag, (text) => new Error(`said: ${text}`))) passed.push(chunk)
    return { passed: Buffer.concat(passed).toString('latin1'), error: null }
  } catch (error) {
    return { passed: Buffer.concat(passed).toString('latin1'), error: (error as Error).message }
  }
}

/** Values as an answer may hold them, among them what looks like the beginning of an exception, or like one. */
const data = fc
  .array(fc.constantFrom('abc', '\0\x01', '__', '_', '__exception_', '\r\n', TAG, '__exception__x', 'Code: 1.'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''))
const places = fc.array(fc.nat({ max: 300 }), { maxLength: 30 })
const fixed = { seed: 11, numRuns: 500 }

describe('an exception behind the values of an answer', () => {
  test.each([true, false])('is thrown wherever the bytes are cut, the connection broken off: %s', async (isBroken) => {
    const property = fc.asyncProperty(data, places, async (values, at) => {
      const found = await outcome(cut(Buffer.from(values + TAGGED, 'latin1'), at, isBroken), TAG)
      expect(found).toEqual({ passed: `${values}\r\n`, error: `said: ${TEXT}` })
    })
    await fc.assert(property, fixed)
  })

  test('without a tag is one where the connection was broken off behind it', async () => {
    const property = fc.asyncProperty(fc.constantFrom('', 'abc', '_', 'x__'), places, async (values, at) => {
      const found = await outcome(cut(Buffer.from(values + UNTAGGED, 'latin1'), at, true), null)
      expect(found).toEqual({ passed: `${values}\r\n`, error: `said: ${TEXT}` })
    })
    await fc.assert(property, fixed)
  })

  test('is none where its tag is another, or nothing was broken off', async () => {
    const property = fc.asyncProperty(data, places, fc.constantFrom(TAG, null), async (values, at, tag) => {
      const bytes = Buffer.from(values + UNTAGGED, 'latin1')
      expect(await outcome(cut(bytes, at, false), tag)).toEqual({ passed: bytes.toString('latin1'), error: null })
    })
    await fc.assert(property, fixed)
  })

  test('a mark among many values does not hold the rest of them back', async () => {
    const bytes = Buffer.from(`__exception__${'x'.repeat(200_000)}`)
    const found = await outcome(cut(bytes, [20, 70_000, 140_000], true), null)
    expect(found).toEqual({ passed: bytes.toString('latin1'), error: 'broken off' })
  })
})
