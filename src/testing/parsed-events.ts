import { EventError, type EventProblem } from '../features/event-error.ts'
import type { EventParser, ParsedEvent } from '../features/model.ts'

/** Parses events of a test. Throws an EventError that says which of them is wrong. */
export function parsedEvents(parser: EventParser, events: readonly unknown[]): ParsedEvent[] {
  return events.map((event, i) => {
    try {
      return parser.parse(event)
    } catch (error) {
      if (!(error instanceof EventError) || events.length === 1) throw error
      const [first, ...others] = error.problems as [EventProblem, ...EventProblem[]]
      const message = `event ${i + 1} of ${events.length}: ${first.message}`
      throw new EventError([{ ...first, message }, ...others])
    }
  })
}
