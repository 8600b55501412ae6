import type { CheckDefinition } from '../features/zod-definition.ts'

/** What whole numbers of a format are within. */
const FORMAT_BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
}

/** The n-th number, from 1 on, that `takes` it, 1 where that is one; null where none was found. */
export function numberSample(
  n: number,
  checks: readonly CheckDefinition[],
  takes: (value: number) => boolean,
): number | null {
  let least = -Number.MAX_SAFE_INTEGER
  let most = Number.MAX_SAFE_INTEGER
  let step = 0
  for (const { check, value, format } of checks) {
    if (check === 'greater_than') least = Math.max(least, Number(value))
    if (check === 'less_than') most = Math.min(most, Number(value))
    if (check === 'multiple_of') step = leastMultiple(step, Number(value))
    const bounds = format === undefined ? undefined : FORMAT_BOUNDS[format]
    if (bounds !== undefined) [least, most] = [Math.max(least, bounds[0]), Math.min(most, bounds[1])]
  }
  const grid = step === 0 ? 1 : step
  const start = Math.min(Math.max(least, Math.min(1, grid)), most)
  const below = Math.floor(start / grid)
  // On the grid from the first number on; else back from the last one; else anywhere between the bounds.
  const first = [below, below + 1, below + 2].map((times) => times * grid).find(takes)
  const upward = first === undefined ? null : (Math.round(first / grid) + n - 1) * grid
  const downward = (Math.floor(most / grid) - n) * grid
  const between = least + ((most - least) * n) / (n + 1)
  const candidates = [upward, downward, downward + grid, between, ...(n === 1 ? [least, most, 0] : [])]
  return candidates.find((candidate): candidate is number => candidate !== null && takes(candidate)) ?? null
}

/** What is a multiple of both, as the checks of a schema all hold: of whole numbers, and of decimals by their product. */
function leastMultiple(a: number, b: number): number {
  if (a === 0) return b
  if (!Number.isInteger(a) || !Number.isInteger(b))
    return Math.max(a, b) % Math.min(a, b) === 0 ? Math.max(a, b) : a * b
  let [x, y] = [a, b]
  while (y !== 0) [x, y] = [y, x % y]
  return (a / x) * b
}
