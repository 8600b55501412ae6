/** Rows that are refused for one reason. */
export interface RejectionReason {
  readonly count: number
  /** The first lines, few. */
  readonly lines: readonly number[]
  /** What is said of the first one. */
  readonly example: string
  /** Whether the others have the same values. */
  readonly same: boolean
}

/** Example lines of a reason. */
const LINES_MAX = 3

/** Reasons that are told apart: a file of another kind could have as many as lines. */
const REASONS_MAX = 200

const OTHERS = 'others'

/** The values in a message: texts in quotes, and numbers. */
const VALUES = /"(?:[^"\\]|\\.)*(?:"|\.\.\.)|-?\d[\d.eE+]*/g

/** Counts refused rows by reason: messages that differ in their values only have the same one. */
export class RejectionCounts {
  readonly #reasons = new Map<string, { count: number; lines: number[]; example: string; same: boolean }>()
  count = 0

  add(line: number, message: string): void {
    this.count++
    const exact = message.replace(VALUES, '#')
    const known = this.#reasons.has(exact) || this.#reasons.size < REASONS_MAX
    const key = known ? exact : OTHERS
    const reason = this.#reasons.get(key)
    if (reason === undefined) this.#reasons.set(key, { count: 1, lines: [line], example: message, same: true })
    else {
      reason.count++
      reason.same &&= reason.example === message
      if (reason.lines.length < LINES_MAX) reason.lines.push(line)
    }
  }

  /** The most frequent first. */
  reasons(): RejectionReason[] {
    return [...this.#reasons.values()].sort((a, b) => b.count - a.count || a.lines[0]! - b.lines[0]!)
  }
}
