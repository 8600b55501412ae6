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
    this.actual = actual
    this.expected = expected
  }
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
  expected: { readonly [N in keyof VectorOf<X>]?: VectorOf<X>[N] },
): void {
  const answer = given.ask(service, input)
  const names = Object.keys(expected) as (keyof VectorOf<X> & string)[]
  const wrong = names.filter((name) => !sameValue(answer.value(name), expected[name]))
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
