import type { InputOf, VectorOf } from '../features/service-types.ts'
import type { AnyService } from './compiled-service.ts'
import { indented } from './explained-text.ts'
import type { Given } from './given.ts'
import { sameValue } from './vector-diff.ts'

/** A vector that is not as expected. Runners show `expected` and `actual`, which hold the values that differ, side by side. */
export class VectorError extends Error {
  override readonly name = 'AssertionError'
  readonly code = 'ERR_ASSERTION'
  readonly operator = 'assertVector'
  readonly actual: Readonly<Record<string, unknown>>
  readonly expected: Readonly<Record<string, unknown>>

  constructor(message: string, actual: Readonly<Record<string, unknown>>, expected: Readonly<Record<string, unknown>>) {
    super(message)
    // Runners show the first line of the stack: that of the test.
    Error.captureStackTrace(this, assertVector)
    this.actual = actual
    this.expected = expected
  }
}

/** A number and how far from it a value may be: see {@link about}. */
export class About {
  readonly value: number
  readonly within: number

  constructor(value: number, within: number) {
    this.value = value
    this.within = within
  }

  holds(value: unknown): boolean {
    return typeof value === 'number' && Math.abs(value - this.value) <= this.within
  }

  /** As messages show it. */
  toJSON(): string {
    return `${this.value} ± ${this.within}`
  }
}

/** How far off a number may be, as a share of it, where a test does not say: far above what arithmetic rounds. */
const SHARE = 1e-9

/**
 * Expects a number that was rounded on its way, as of a decayed sum or of a function of `derive`: within a distance, by default a
 * billionth of it. All else is exact, and needs it not.
 *
 * ```ts
 * assertVector(history, checkoutRisk, input, { card_velocity__recent_7d: about(1234.5), amount_vs_usual: about(0.333, 0.001) })
 * ```
 *
 * Throws a RangeError for what is no distance.
 */
export function about(value: number, within = Math.abs(value) * SHARE): About {
  if (Number.isFinite(value) && within >= 0) return new About(value, within)
  throw new RangeError(
    `about(${value}, ${within}) is no range: write a finite number, and a distance from it of at least 0`,
  )
}

type Expected<V> = V | (Extract<V, number> extends never ? never : About)

function isExpected(value: unknown, expected: unknown): boolean {
  return expected instanceof About ? expected.holds(value) : sameValue(value, expected)
}

/**
 * Throws where a value is not exactly what is expected, and says which events it was computed from, in which window, and which
 * were passed over. Values that are not named may be anything. It needs no test runner, and works in all of them.
 *
 * ```ts
 * assertVector(given(payments, payment.times(3)), checkoutRisk, { event: payment.scored() }, {
 *   card_velocity__tx_count_7d: 4,
 *   card_velocity__spend_7d: 4000,
 * })
 * ```
 *
 * Throws a {@link VectorError}; a RangeError for a name that the service does not serve.
 */
export function assertVector<X extends AnyService>(
  given: Given,
  service: X,
  input: InputOf<X>,
  expected: { readonly [N in keyof VectorOf<X>]?: Expected<VectorOf<X>[N]> },
): void {
  const answer = given.ask(service, input)
  const names = Object.keys(expected) as (keyof VectorOf<X> & string)[]
  const wrong = names.filter((name) => !isExpected(answer.value(name), expected[name]))
  if (wrong.length === 0) return
  const told = wrong.map(
    (name) => `${name}: expected ${JSON.stringify(expected[name])}\n${indented(`${answer.explain(name)}`)}`,
  )
  const of = `${wrong.length} of ${names.length} value${names.length === 1 ? '' : 's'}`
  const message = `${answer.service} at ${answer.as_of}: ${of} not as expected\n\n${told.join('\n\n')}\n`
  throw new VectorError(
    message,
    Object.fromEntries(wrong.map((name) => [name, answer.value(name)])),
    Object.fromEntries(wrong.map((name) => [name, expected[name]])),
  )
}
