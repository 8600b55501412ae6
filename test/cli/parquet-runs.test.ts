import { describe, expect, it } from 'vitest'
import { readRuns } from '../../src/cli/ingest/parquet-runs.ts'
import { SeededRandom } from '../stores/seeded-random.ts'

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]
}

/** A run of one value, by the book. */
function repeated(value: number, times: number, width: number): number[] {
  const bytes = Array.from({ length: Math.ceil(width / 8) }, (_, i) => Math.floor(value / 256 ** i) % 256)
  return [...varint(times * 2), ...bytes]
}

/** A run of packed values, a multiple of eight, bit by bit, the lowest first. */
function packed(values: readonly number[], width: number): number[] {
  const bits = values.flatMap((value) => Array.from({ length: width }, (_, i) => Math.floor(value / 2 ** i) % 2))
  const bytes = Array.from({ length: bits.length / 8 }, (_, i) =>
    bits.slice(i * 8, i * 8 + 8).reduce((sum, bit, at) => sum + bit * 2 ** at, 0),
  )
  return [...varint((values.length / 8) * 2 + 1), ...bytes]
}

function read(bytes: readonly number[], width: number, count: number): number[] {
  const output = new Uint32Array(count)
  readRuns(Uint8Array.from(bytes), width, output)
  return [...output]
}

const WIDTHS = Array.from({ length: 33 }, (_, width) => width)

describe('runs of numbers', () => {
  it.each(WIDTHS)('of %i bits are read as they were written', (width) => {
    const random = new SeededRandom(width + 1)
    const number = () => (random.below(65_536) * 65_536 + random.below(65_536)) % 2 ** width
    for (let round = 0; round < 20; round++) {
      const values: number[] = []
      const bytes: number[] = []
      for (let run = 0; run < 6; run++) {
        const some = Array.from({ length: random.below(2) === 0 ? 1 : 8 * (1 + random.below(20)) }, number)
        if (some.length > 1) bytes.push(...packed(some, width))
        const times = some.length > 1 ? 1 : random.below(300)
        if (some.length === 1) bytes.push(...repeated(some[0]!, times, width))
        for (let i = 0; i < times; i++) values.push(...some)
      }
      expect(read(bytes, width, values.length)).toEqual(values)
      // The last packed numbers may be there for their round number only.
      const fewer = random.below(values.length + 1)
      expect(read(bytes, width, fewer)).toEqual(values.slice(0, fewer))
      expect(() => read(bytes, width, values.length + 1)).toThrow(
        `it has ${values.length} of ${values.length + 1} numbers`,
      )
    }
  })

  it.each<[string, number[], number, string]>([
    ['no run at all', [], 3, 'it has 0 of 5 numbers'],
    ['packed ones without their bytes', [3, 255], 3, 'its packed numbers end early'],
    ['a repeated one without its bytes', [10, 1], 16, 'its numbers end early'],
    ['a head without an end', [255, 255, 255, 255, 255, 255, 255], 1, 'it has 0 of 5 numbers'],
    ['too many bits', [10, 1], 33, 'its numbers should have 33 bits'],
  ])('%s are refused', (_, bytes, width, message) => {
    expect(() => read(bytes, width, 5)).toThrow(message)
  })

  it('of a length beyond all measure fill what they are read into, and nothing more', () => {
    expect(read([...varint(2 ** 31), 7], 8, 4)).toEqual([7, 7, 7, 7])
  })
})
