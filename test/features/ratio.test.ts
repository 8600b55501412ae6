import { expect, it } from 'vitest'
import { ratio } from '../../src/features/ratio.ts'

it.each<[number | null | undefined, number | null | undefined, number | null]>([
  [1, 4, 0.25],
  [-3, 2, -1.5],
  [0, 5, 0],
  [0, -5, 0],
  [1, 0, null],
  [0, 0, null],
  [1, -0, null],
  [null, 2, null],
  [2, null, null],
  [undefined, 2, null],
  [2, undefined, null],
  [1e300, 1e-300, null],
  [Number.NaN, 2, null],
])('ratio(%o, %o) is %o', (a, b, expected) => {
  expect(ratio(a, b)).toBe(expected)
})
