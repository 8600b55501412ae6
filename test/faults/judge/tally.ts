/** A value that cannot be, with all that is needed to look into it. */
export interface Wrong {
  readonly feature: string
  readonly entity: string
  readonly value: unknown
  readonly expected: string
  readonly status: string
  readonly at_ms: number
  readonly watermark_ms: number | null
  readonly arrived_ms: number
  readonly from: string
  /** What the rows behind the value lack or have too much, as far as that could be looked up right after. */
  behind?: readonly string[]
}

/** Wrong values that are kept; more than these tell nothing new. */
const WRONG_KEPT = 200

/** What came of all questions. */
export class Tally {
  answers = 0
  exact = 0
  bounded = 0
  skipped = 0
  /** Values with a status, by status. */
  readonly notOk = new Map<string, number>()
  /** Questions that got no answer, by reason. */
  readonly failed = new Map<string, number>()
  readonly wrong: Wrong[] = []
  wrongCount = 0

  addWrong(wrong: Wrong): void {
    this.wrongCount++
    if (this.wrong.length < WRONG_KEPT) this.wrong.push(wrong)
  }

  /** A question that should have been understood. */
  addRefused(from: string, path: string, text: string): void {
    const expected = `an answer, not: ${text.slice(0, 300)}`
    const now_ms = Date.now()
    const nothing = {
      entity: '',
      value: null,
      status: 'refused',
      at_ms: now_ms,
      watermark_ms: null,
      arrived_ms: now_ms,
    }
    this.addWrong({ ...nothing, feature: path, expected, from })
  }

  add(map: Map<string, number>, name: string): void {
    map.set(name, (map.get(name) ?? 0) + 1)
  }

  get line(): string {
    const { answers, exact, bounded, skipped, wrongCount } = this
    return (
      `${answers} answers: ${exact} values exact, ${bounded} bounded, ${skipped} skipped, not ok ${listed(this.notOk)}, ` +
      `${wrongCount} WRONG; questions failed ${listed(this.failed)}`
    )
  }
}

function listed(map: ReadonlyMap<string, number>): string {
  if (map.size === 0) return '0'
  return [...map].map(([name, count]) => `${count} ${name}`).join(' + ')
}
