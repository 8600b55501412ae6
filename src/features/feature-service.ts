import type { z } from 'zod'
import { noteWritten } from '../timeline/written-at.ts'
import {
  type Deprecated,
  type Described,
  dataOf,
  type GroupView,
  meta,
  type ServiceData,
  type Shape,
} from './definition.ts'
import {
  definitionTitle,
  deprecatedIn,
  describedIn,
  isZodObject,
  type Replacement,
  unknownIn,
} from './definition-input.ts'
import { isView } from './feature-view.ts'
import type { Answered, DeriveArgument, FeatureList, Service, ServiceInput, VectorIn } from './service-types.ts'
import type { AnySource } from './source.ts'

/** What `derive` may give: one value that a model can take in. */
export type DerivedValue = number | string | boolean | null

export interface ServiceOptions<L extends FeatureList, Ev extends AnySource, R extends Shape, D> extends Described {
  /** The groups that the model reads, or some of their features: `[cardVelocity, merchantRisk.pick('fraud_rate_7d')]`. */
  readonly features: L
  /** The kind of event that is being scored. Its columns give the keys; it counts once in every feature. */
  readonly event?: Ev
  /** What only the caller knows, for `derive`. */
  readonly request?: z.core.$ZodObject<R>
  /** Values computed at request time, each by a pure function of the event, the request and the features `f`. */
  readonly derive?: { readonly [N in keyof D]: (input: DeriveArgument<L, Ev, R>) => D[N] }
  /** That no model should ask it any more: `{ replacedBy: checkoutRiskV2, since: '2026-11' }`. */
  readonly deprecated?: Deprecated<Service<string, never, unknown>>
}

/**
 * Defines what one model reads. It answers every feature of its groups under its served name, and every derived value.
 *
 * ```ts
 * const checkoutRisk = featureService('checkout_risk', {
 *   event: payments,
 *   features: [cardVelocity],
 *   derive: { amount_vs_usual: ({ event, f }) => ratio(event.amount, f.card_velocity__avg_amount_30d) },
 * })
 * ```
 */
export function featureService<
  const N extends string,
  const L extends FeatureList,
  Ev extends AnySource = never,
  R extends Shape = never,
  D extends Record<string, DerivedValue> = Record<never, never>,
>(name: N, options: ServiceOptions<L, Ev, R, D>): Service<N, ServiceInput<L, Ev, R>, Answered<VectorIn<L, Ev>, D>> {
  const title = definitionTitle('featureService', name, options)
  const { features, event, request, derive, deprecated } = options
  if (!Array.isArray(features)) throw new TypeError(`${title} needs features, as features: [cardVelocity]`)
  const source = event === undefined ? null : dataOf(event)
  if (source !== null && source.kind !== 'source') throw new TypeError(`${title} needs a source, as event: payments`)
  if (event !== undefined && source === null) throw new TypeError(`${title} needs a source, as event: payments`)
  if (request !== undefined && !isZodObject(request)) {
    throw new TypeError(`${title} needs a zod object, as request: z.object({ cart_items: z.int() })`)
  }
  for (const [derived, compute] of Object.entries(derive ?? {})) {
    if (typeof compute !== 'function') {
      throw new TypeError(
        `${title} needs a function for ${derived}, as ${derived}: ({ f }) => f.card_velocity__spend_7d`,
      )
    }
  }
  const data: ServiceData = Object.freeze({
    kind: 'service',
    name,
    ...describedIn(options),
    ...unknownIn(options, OPTIONS),
    event: source,
    features: Object.freeze(features.map((item, i) => viewOf(item, `${title}, features[${i}]`))),
    request: request ?? null,
    derive: Object.freeze({ ...(derive as ServiceData['derive'] | undefined) }),
    deprecated: deprecatedIn(deprecated, `${title}: deprecated`, SERVICE),
  })
  noteWritten(data)
  return Object.freeze({ [meta]: data }) as unknown as Service<N, never, never>
}

function viewOf(item: unknown, place: string): GroupView {
  const data = dataOf(item)
  if (data?.kind === 'group') return Object.freeze({ kind: 'view', group: data, picked: null, role: null })
  if (isView(item)) {
    const { kind, group, picked, role } = item
    return Object.freeze({ kind, group, picked, role })
  }
  throw new TypeError(
    `${place} must be a feature group, or features picked from one, as cardVelocity.pick('tx_count_7d')`,
  )
}

const OPTIONS = ['features', 'event', 'request', 'derive', 'deprecated']

const SERVICE: Replacement<ServiceData> = {
  read(value) {
    const data = dataOf(value)
    return data?.kind === 'service' ? data : null
  },
  cure: 'a feature service, as replacedBy: checkoutRiskV2',
}
