import { SeededRandom } from './seeded-random.ts'

/** What each step of the writer that is killed writes: it follows from the step's number alone. */
export const KEYS = 20

/** Rows are numbers of eight bytes: the step and which row of the step it is. */
export function stepRows(step: number): { key: string; rows: Buffer }[] {
  const random = new SeededRandom(step)
  return Array.from({ length: 1 + random.below(30) }, (_, i) => {
    const rows = Buffer.alloc(8)
    rows.writeUInt32BE(step, 0)
    rows.writeUInt32BE(i, 4)
    return { key: `k${random.below(KEYS)}`, rows }
  })
}

export function stepMessages(step: number): { key: string; value: Buffer }[] {
  const random = new SeededRandom(step)
  return Array.from({ length: 1 + random.below(20) }, (_, i) => ({
    key: `k${random.below(KEYS)}`,
    value: Buffer.from(`${step}/${i}/${'x'.repeat(random.below(300))}`),
  }))
}
