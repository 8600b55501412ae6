import type { z } from 'zod'
import type { Windowed } from '../timeline/aggregate.ts'
import type { type } from '../timeline/column.ts'
import { noteWritten } from '../timeline/written-at.ts'
import {
  type Deprecated,
  type Described,
  dataOf,
  type GroupData,
  type GroupView,
  meta,
  type Shape,
} from './definition.ts'
import { definitionTitle, deprecatedIn, describedIn, type Replacement, unknownIn } from './definition-input.ts'
import type { AnyEntity } from './entity.ts'
import { isView, makeView, type PickedView, type RoleKeys, type RoleView, roleOf, type View } from './feature-view.ts'
import type { AnyGroup, GroupInfo } from './group-info.ts'
import type { AnySource } from './source.ts'

type NameOf<Src extends AnySource> = Src[typeof meta]['name']
/** Of all its columns, computed ones too. */
type ShapeOf<Src extends AnySource> = Src[typeof meta][typeof type]['shape'] & Src[typeof meta][typeof type]['computed']

/** A feature as it was written, or a sentence that says what is wrong with it. */
type Feature<S extends string, X> =
  X extends Windowed<infer S2, unknown, string>
    ? [S2] extends [S]
      ? X
      : `this feature reads ${Exclude<S2, S>}, but the source of its group is ${S}`
    : X extends { over(...windows: never[]): unknown }
      ? `this feature has no window yet: end it with .over('7d')`
      : `this is not a feature: write one as count().over('7d')`

/** A sentence for each key that the source cannot give; a source that is not known is wrong in another place. */
type KeyProblem<S extends string, Sh extends Shape, E extends string, K extends Shape, M> = {
  [N in keyof M & keyof K & string]: string extends keyof Sh
    ? never
    : M[N] extends keyof Sh & string
      ? NonNullable<z.output<Sh[M[N]]>> extends z.output<K[N]>
        ? never
        : `${E}.${N} and ${S}.${M[N]} have different types: an entity's key must have the type of its column`
      : `${S} has no column ${M[N] & string}: say which one holds ${N}, as ${E}.from({ ${N}: 'column' })`
}[keyof M & keyof K & string]

type KeyedBy<
  Src extends AnySource,
  E extends AnyEntity,
  Problem = KeyProblem<
    NameOf<Src>,
    ShapeOf<Src>,
    E[typeof meta]['name'],
    E[typeof meta]['key'],
    E[typeof meta]['columns']
  >,
> = [Problem] extends [never] ? E : Problem

/** `tx_count_7d`: what a feature is called within its group, one name for each window. */
export type FeatureNames<Fs> = {
  [N in keyof Fs & string]: Fs[N] extends Windowed<string, unknown, infer W> ? `${N}_${W}` : never
}[keyof Fs & string]

/** Features of one source about one entity. */
export interface Group<G extends string, Src extends AnySource, E extends AnyEntity, Fs> extends AnyGroup {
  readonly [meta]: GroupInfo<G, Src, E, Fs>
  /** Only these features, for a service that needs no more: `cardVelocity.pick('tx_count_7d', 'spend_24h')`. */
  pick<const N extends FeatureNames<Fs>>(...names: readonly [N, ...N[]]): PickedView<Group<G, Src, E, Fs>, N>
  /**
   * The same features for another entity of the request: `sent.as('payee', { account_id: 'payee_id' })`, served as `payee__tx_count_7d`.
   * Each key of the entity is looked for under the name that it is given here: a column of the event that is being scored, where it has one
   * that is known by then, else one of the request's `keys`.
   */
  as<const R extends string, const M extends Readonly<Record<string, string>>>(
    role: R,
    keys: RoleKeys<Group<G, Src, E, Fs>, M>,
  ): RoleView<Group<G, Src, E, Fs>, FeatureNames<Fs>, R, M>
}

export interface GroupOptions<Src extends AnySource, E extends AnyEntity, Fs> extends Described {
  /** The events that its features add up. */
  readonly source: Src
  /** What its features are about: each entity has the events of its own key. */
  readonly entity: KeyedBy<Src, E>
  /** By name; each is served once for every window, as `<group>__<feature>_<window>`. */
  readonly features: { readonly [N in keyof Fs]: Feature<NameOf<Src>, Fs[N]> }
  /** That no service should read it any more: `{ replacedBy: cardSpending, since: '2026-11' }`. */
  readonly deprecated?: Deprecated<AnyGroup>
  /**
   * The same for some of its features: `{ tx_count: { replacedBy: 'payments', since: '2026-11' } }`. What replaces one is another
   * feature of this group, or `otherGroup.pick('tx_count_7d')`.
   */
  readonly deprecatedFeatures?: {
    readonly [N in keyof NoInfer<Fs>]?: Deprecated<(keyof NoInfer<Fs> & string) | View<AnyGroup, string>>
  }
}

/**
 * Defines features of one source about one entity.
 *
 * ```ts
 * const cardVelocity = featureGroup('card_velocity', {
 *   source: payments, entity: card,
 *   features: { spend: sum(payments.amount).over('24h', '7d') },   // card_velocity__spend_24h, card_velocity__spend_7d
 * })
 * ```
 */
export function featureGroup<const G extends string, Src extends AnySource, E extends AnyEntity, Fs>(
  name: G,
  options: GroupOptions<Src, E, Fs>,
): Group<G, Src, E, Fs> {
  const title = definitionTitle('featureGroup', name, options)
  const { features, deprecated, deprecatedFeatures = {} } = options
  const source = dataOf(options.source)
  const entity = dataOf(options.entity)
  if (source?.kind !== 'source') throw new TypeError(`${title} needs a source, as source: payments`)
  if (entity?.kind !== 'entity') throw new TypeError(`${title} needs an entity, as entity: card`)
  if (typeof features !== 'object' || features === null) {
    throw new TypeError(`${title} needs features, as features: { tx_count: count().over('7d') }`)
  }
  const data = Object.freeze({
    kind: 'group',
    name,
    ...describedIn(options),
    ...unknownIn(options, OPTIONS),
    source,
    entity,
    features: Object.freeze({ ...features }) as unknown as GroupData['features'],
    deprecated: deprecatedIn(deprecated, `${title}: deprecated`, GROUP),
    deprecatedFeatures: deprecatedFeaturesIn(deprecatedFeatures, title),
  }) satisfies GroupData
  noteWritten(data)
  return Object.freeze({
    [meta]: data,
    pick: (...picked: string[]) => makeView(data, Object.freeze(picked), null),
    as: (role: string, keys: unknown) => makeView(data, null, roleOf(data, role, keys)),
  }) as unknown as Group<G, Src, E, Fs>
}

const OPTIONS = ['source', 'entity', 'features', 'deprecated', 'deprecatedFeatures']

const GROUP: Replacement<GroupData> = {
  read(value) {
    const data = dataOf(value)
    return data?.kind === 'group' ? data : null
  },
  cure: 'a feature group, as replacedBy: cardSpending',
}

const FEATURE: Replacement<string | GroupView> = {
  read: (value) => (typeof value === 'string' || isView(value) ? value : null),
  cure: `the name of a feature of this group, or features of another, as cardSpending.pick('tx_count_7d')`,
}

function deprecatedFeaturesIn(given: unknown, title: string): GroupData['deprecatedFeatures'] {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`${title}: deprecatedFeatures needs an object, as { tx_count: { replacedBy: 'payments' } }`)
  }
  const entries = Object.entries(given).flatMap(([name, of]) => {
    const deprecated = deprecatedIn(of, `${title}: deprecatedFeatures.${name}`, FEATURE)
    return deprecated === null ? [] : [[name, deprecated] as const]
  })
  return Object.freeze(Object.fromEntries(entries))
}
