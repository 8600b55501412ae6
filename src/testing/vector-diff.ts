import type { ServedValue } from '../serving/answer-writer.ts'
import type { Value } from '../timeline/column-type.ts'
import type { AnyService } from './compiled-service.ts'
import { type EventBehind, type ExplainedValue, placeOf } from './event-behind.ts'
import { eventText, indented } from './explained-text.ts'
import type { VectorAnswer } from './vector-answer.ts'

/** An event that counts in one value and not in the other. */
export interface MovedEvent extends EventBehind {
  /** What keeps it out of the other value. */
  readonly why: string
}

/** An event that counts in both values, with columns that differ. */
export interface ChangedEvent {
  readonly before: EventBehind
  readonly after: EventBehind
  readonly columns: readonly string[]
}

/** A value that two answers have not in common, and which events make it so. */
export interface ValueDiff {
  readonly name: string
  /** Null where that service does not serve it. */
  readonly before: ExplainedValue | null
  readonly after: ExplainedValue | null
  readonly entered: readonly MovedEvent[]
  readonly left: readonly MovedEvent[]
  readonly changed: readonly ChangedEvent[]
  /** Of a derived value: the features that its function reads and that differ. */
  readonly from: readonly ValueDiff[]
  /** All of it for people. */
  toString(): string
}

/** All that two answers have not in common. */
export interface VectorDiff {
  readonly values: readonly ValueDiff[]
  /** All of it for people: what a failing test prints. */
  toString(): string
}

/**
 * Which values of two answers differ, and which events make them so: two histories, two instants, or two definitions of a feature
 * (in services of their own).
 *
 * ```ts
 * const before = given(payments, events).ask(checkoutRisk, input)
 * const after = given(payments, events).and(payments, [late]).ask(checkoutRisk, input)
 * const diff = vectorDiff(before, after)
 * diff.values[0].entered[0].id // that of the late event
 * assert.equal(diff.values.length, 0, `${diff}`)
 * ```
 */
export function vectorDiff<A extends AnyService, B extends AnyService>(
  before: VectorAnswer<A>,
  after: VectorAnswer<B>,
): VectorDiff {
  const names = new Set([...Object.keys(before.vector as object), ...Object.keys(after.vector as object)])
  const values = [...names].flatMap((name) => {
    const [was, is] = [explainedIn(before, name), explainedIn(after, name)]
    return was !== null && is !== null && sameValue(was.value, is.value) ? [] : [valueDiff(name, was, is)]
  })
  return {
    values,
    toString: () => (values.length === 0 ? 'the vectors are the same' : values.join('\n')),
  }
}

function explainedIn<X extends AnyService>(answer: VectorAnswer<X>, name: string): ExplainedValue | null {
  return Object.hasOwn(answer.vector as object, name) ? answer.explain(name as never) : null
}

/** Whether two served values are the same: lists by their elements, maps by their keys. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (!isCompound(a) || !isCompound(b) || Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
  )
}

function isCompound(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function valueDiff(name: string, before: ExplainedValue | null, after: ExplainedValue | null): ValueDiff {
  const changed = (before?.counted ?? []).flatMap((was) => {
    const is = after?.counted.find((event) => placeOf(event) === placeOf(was))
    const columns = is === undefined ? [] : changedColumns(was, is)
    return columns.length === 0 ? [] : [{ before: was, after: is!, columns }]
  })
  const from = (before?.from ?? []).flatMap((was) => {
    const is = after?.from.find((one) => one.name === was.name) ?? null
    return is !== null && sameValue(was.value, is.value) ? [] : [valueDiff(was.name, was, is)]
  })
  const diff: ValueDiff = {
    name,
    before,
    after,
    entered: moved(after, before),
    left: moved(before, after),
    changed,
    from,
    toString: () => diffText(diff),
  }
  return diff
}

/** Events that count in one value and not in the other, with what keeps them out there. */
function moved(one: ExplainedValue | null, other: ExplainedValue | null): MovedEvent[] {
  if (one === null || other === null) return []
  const places = new Set(other.counted.map(placeOf))
  return one.counted
    .filter((event) => !places.has(placeOf(event)))
    .map((event) => {
      const passed = other.passedOver.find((candidate) => placeOf(candidate) === placeOf(event))
      return { ...event, why: passed?.why ?? 'not among its events' }
    })
}

function changedColumns(was: EventBehind, is: EventBehind): string[] {
  const same = (a: Value | undefined, b: Value | undefined) => a === undefined || b === undefined || a === b
  return Object.keys(was.columns).filter((name) => !same(was.columns[name], is.columns[name]))
}

function diffText(diff: ValueDiff): string {
  const { name, before, after, entered, left, changed, from } = diff
  if (before === null || after === null) {
    return `${name}: served ${before === null ? 'after, not before' : 'before, not after'}`
  }
  const reads = [...new Set([...before.reads, ...after.reads])]
  const lines = [
    `${name}: ${JSON.stringify(before.value)} before, ${JSON.stringify(after.value)} after`,
    ...(before.definition === after.definition
      ? []
      : [`  defined before: ${before.definition}`, `  defined after: ${after.definition}`]),
    ...(before.as_of === after.as_of ? [] : [`  at ${before.as_of} before, ${after.as_of} after`]),
    ...entered.map(({ why, ...event }) => `  entered: ${eventText(event, reads)}  (before: ${why})`),
    ...left.map(({ why, ...event }) => `  left: ${eventText(event, reads)}  (after: ${why})`),
    ...changed.map((event) => `  changed: ${changeText(event)}`),
    ...from.map((one) => indented(`${one}`)),
  ]
  if (lines.length === 1) lines.push(before.window === null ? '  of the same features' : '  of the same events')
  return lines.join('\n')
}

function changeText({ before, after, columns }: ChangedEvent): string {
  const changes = columns.map((name) => `${name} ${text(before.columns[name])} -> ${text(after.columns[name])}`)
  return [after.time, after.id, ...changes].join('  ')
}

function text(value: ServedValue | undefined): string {
  return JSON.stringify(value ?? null)
}
