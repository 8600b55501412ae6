export { showValue } from '../timeline/shown-value.ts'

/** What kind of fault an event has. All are the sender's: the same event is refused again. */
export type EventProblemCode =
  /** It is no JSON object. */
  | 'EVENT_SHAPE'
  /** A required column is absent or null. */
  | 'EVENT_MISSING'
  /** A value is of another type than the column. */
  | 'EVENT_TYPE'
  /** A value is of the right type, but the schema does not allow it. */
  | 'EVENT_VALUE'
  /** A scored event gives an outcome. */
  | 'EVENT_OUTCOME'
  /** It is of another kind than its source takes, or says of none. */
  | 'EVENT_KIND'
  /** The source's `decode` refuses the message. */
  | 'EVENT_DECODE'

/** One thing that is wrong with an event. */
export interface EventProblem {
  readonly code: EventProblemCode
  /** Null where the event as a whole is meant. */
  readonly column: string | null
  /** The value, shortened, as JSON; null where there is none. */
  readonly value: string | null
  /** A sentence that begins with the column's name. */
  readonly message: string
  /** What to send instead, as a sentence without its full stop. */
  readonly cure: string
}

/** Most problems that an error names: the rest are told by their number. */
const PROBLEMS_MAX = 5

/** An event that its source refuses. Names up to five problems, in the order of the source's columns. */
export class EventError extends Error {
  override readonly name = 'EventError'
  /** Of the first problem, as the next three. */
  readonly code: EventProblemCode
  readonly column: string | null
  readonly value: string | null
  readonly cure: string
  readonly problems: readonly EventProblem[]
  constructor(problems: readonly [EventProblem, ...EventProblem[]]) {
    const shown = problems.slice(0, PROBLEMS_MAX).map((problem) => problem.message)
    const more = problems.length - shown.length
    super(shown.join('; ') + (more > 0 ? `; and ${more} more` : ''))
    this.code = problems[0].code
    this.column = problems[0].column
    this.value = problems[0].value
    this.cure = problems[0].cure
    this.problems = problems
  }
}
