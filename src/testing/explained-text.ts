import type { EventBehind, ExplainedValue, PassedOver } from './event-behind.ts'

/** Most events of one list that a text shows: a failing test is read by a person. */
const SHOWN_MAX = 20

/** A value and the events behind it, for people. */
export function explainedText(explained: ExplainedValue): string {
  const { name, value, as_of, definition, from, window, entity, reads, counted, passedOver } = explained
  const head = `${name} = ${JSON.stringify(value)} at ${as_of}`
  if (window === null) {
    const read = from.length === 0 ? 'a derived value that reads no feature' : 'a derived value that reads'
    return [head, `  ${read}`, ...from.map((one) => indented(explainedText(one)))].join('\n')
  }
  if (entity === null) return [head, `  ${definition}: a part of its key is null`].join('\n')
  const of = Object.entries(entity).map(([key, text]) => `${key} ${text}`)
  return [
    head,
    `  ${definition}, of ${of.join(', ')}`,
    `  window: after ${window.after}, up to and with ${window.until}`,
    ...listed('counted', counted, reads),
    ...(passedOver.length === 0 ? [] : listed('passed over', passedOver, reads)),
  ].join('\n')
}

function listed(title: string, events: readonly (EventBehind | PassedOver)[], reads: readonly string[]): string[] {
  if (events.length === 0) return [`  ${title}: no event`]
  const more = events.length - SHOWN_MAX
  return [
    `  ${title}: ${events.length} event${events.length === 1 ? '' : 's'}`,
    ...events.slice(0, SHOWN_MAX).map((event) => `    ${eventText(event, reads)}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ]
}

/** An event in one line: its time, its id, the columns that matter, and what is to be said of it. */
export function eventText(event: EventBehind & { readonly why?: string }, reads: readonly string[]): string {
  const columns = reads.map((name) => `${name} ${JSON.stringify(event.columns[name] ?? null)}`)
  const notes = [...(event.scored ? ['being scored'] : []), ...(event.why === undefined ? [] : [event.why])]
  return [event.time, event.id, ...columns, ...(notes.length === 0 ? [] : [`(${notes.join(', ')})`])].join('  ')
}

/** Every line two columns further to the right. */
export function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
