import type { z } from 'zod'
import type { Windowed } from '../timeline/aggregate.ts'
import type { Integer, Keyed, type } from '../timeline/column.ts'
import type { meta, ServiceData, Shape } from './definition.ts'
import type {
  Canonical,
  Computed,
  EventBeforeOutcome,
  NotYetKnown,
  NotYetStamped,
  NullIn,
  Unstamped,
} from './event-types.ts'
import type { AnyView, View } from './feature-view.ts'
import type { AnyGroup } from './group-info.ts'
import type { AnySource } from './source.ts'

/** What the compiler knows of a service: what it is sent and what it answers. */
export interface Service<N extends string, In, Vec> {
  readonly [meta]: ServiceData & { readonly name: N }
  readonly [type]: { readonly service: N; readonly input: In; readonly vector: Vec }
}

/** What a service reads: whole groups, and picked features of others, some of them in roles. */
export type FeatureList = readonly (AnyGroup | AnyView)[]

type NameOf<Src extends AnySource> = Src[typeof meta]['name']
type ShapeOf<Src extends AnySource> = Src[typeof meta][typeof type]['shape']
type OutcomeOf<Src extends AnySource> = Src[typeof meta][typeof type]['outcome']
type StampsOf<Src extends AnySource> = Src[typeof meta][typeof type]['stamps']
type ComputedOf<Src extends AnySource> = Src[typeof meta][typeof type]['computed']

/** All that `derive` sees of an event. */
type SeenOf<Src extends AnySource> = Canonical<ShapeOf<Src>> & Computed<ComputedOf<Src>>
type Flat<X> = { [K in keyof X]: X[K] }

// ---- events ----

/** An event as the caller sends it to be scored: its outcome is not known yet, and it need not say of which version it is. */
export type EventIn<Src extends AnySource> = EventBeforeOutcome<
  NotYetKnown<OutcomeOf<Src>>,
  Unstamped<z.input<z.ZodObject<ShapeOf<Src>>>, StampsOf<Src>>,
  OutcomeOf<Src>
>

/**
 * The event that `derive` sees: money in minor units, null for what the event lacks, computed columns, no outcome columns, nor its version
 * or deletion.
 */
export type EventSeen<Src extends AnySource> = EventBeforeOutcome<
  NotYetKnown<OutcomeOf<Src>> | NotYetStamped<StampsOf<Src>>,
  SeenOf<Src>,
  OutcomeOf<Src> | StampsOf<Src>
>

// ---- features ----

type SourceOfGroup<Gr extends AnyGroup> = Gr[typeof meta][typeof type]['source']
type EntityOfGroup<Gr extends AnyGroup> = Gr[typeof meta][typeof type]['entity']
type KeyOf<Gr extends AnyGroup> = EntityOfGroup<Gr>[typeof meta]['key']
type KeyColumnOf<Gr extends AnyGroup> =
  EntityOfGroup<Gr>[typeof meta]['columns'][keyof EntityOfGroup<Gr>[typeof meta]['columns']]

/** The columns of the service's event that are known while it is scored. */
type Known<Ev extends AnySource> = Exclude<keyof ShapeOf<Ev>, OutcomeOf<Ev> | StampsOf<Ev>> | keyof ComputedOf<Ev>

/**
 * Whether the service's event is of the very source that the group adds up: then the entity's columns give its key.
 * Otherwise columns of the event that are named as the keys do, and `keys` gives the rest.
 */
type IsOwn<Ev extends AnySource, Gr extends AnyGroup> = [NameOf<SourceOfGroup<Gr>>] extends [NameOf<Ev>] ? true : false

/** Null where the event may lack a part of the group's key: its features are then `missing`. */
type NullOfKey<Ev extends AnySource, Gr extends AnyGroup> = [Ev] extends [never]
  ? never
  : NullOfColumn<Ev, (IsOwn<Ev, Gr> extends true ? KeyColumnOf<Gr> : keyof KeyOf<Gr>) & Known<Ev>>

/** The name under which each key of a group is looked for, where some are mapped by a role. */
type RoleNames<Ev extends AnySource, Gr extends AnyGroup, M> = {
  [N in keyof KeyOf<Gr>]: N extends keyof M
    ? M[N]
    : [Ev] extends [never]
      ? N
      : IsOwn<Ev, Gr> extends true
        ? EntityOfGroup<Gr>[typeof meta]['columns'][N & keyof EntityOfGroup<Gr>[typeof meta]['columns']]
        : N
}

type NullOfRole<Ev extends AnySource, Gr extends AnyGroup, M> = [Ev] extends [never]
  ? never
  : NullOfColumn<Ev, RoleNames<Ev, Gr, M>[keyof KeyOf<Gr>] & Known<Ev>>

/** A computed column may always be null. */
type NullOfColumn<Ev extends AnySource, N> =
  | NullIn<z.output<ShapeOf<Ev>[N & keyof ShapeOf<Ev>]>>
  | ([N & keyof ComputedOf<Ev>] extends [never] ? never : null)

/** Served names and what is behind them. */
type Served<G extends string, Fs, Null> = {
  readonly [N in keyof Fs & string as Fs[N] extends Windowed<string, unknown, infer W> ? `${G}__${N}_${W}` : never]:
    | (Fs[N] extends Windowed<string, infer V, string> ? V : never)
    | Null
}

type ServedBy<Gr extends AnyGroup, Null, R extends string = Gr[typeof meta]['name']> = Served<
  R,
  Gr[typeof meta][typeof type]['features'],
  Null
>

/** The features of a group that a view serves under the name `R`. */
type Viewed<Gr extends AnyGroup, N extends string, R extends string, Null> = string extends N
  ? ServedBy<Gr, Null, R>
  : Pick<ServedBy<Gr, Null, R>, `${R}__${N}` & keyof ServedBy<Gr, Null, R>>

type VectorPart<X, Ev extends AnySource> = X extends AnyGroup
  ? ServedBy<X, NullOfKey<Ev, X>>
  : X extends View<infer Gr, infer N, infer R, infer M>
    ? Viewed<Gr, N, R, [keyof M] extends [never] ? NullOfKey<Ev, Gr> : NullOfRole<Ev, Gr, M>>
    : never

type All<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never

/** Everything that a service reads, by served name, with sums of integers still marked as such. */
export type VectorIn<L extends FeatureList, Ev extends AnySource> = All<VectorPart<L[number], Ev>>

type Rounded<V> = V extends Integer ? number : V extends Keyed<infer X> ? Keyed<X extends Integer ? number : X> : V
type Sent<V> = V extends Integer
  ? number | string
  : V extends Keyed<infer X>
    ? Keyed<X extends Integer ? number | string : X>
    : V

/** What a service answers. A sum of integers past 2^53 is a string; a derived value is null where its function failed. */
export type Answered<Vec, D> = { readonly [N in keyof Vec]: Sent<Vec[N]> } & { readonly [N in keyof D]: D[N] | null }

// ---- requests ----

type KeysPart<X, Ev extends AnySource> = X extends AnyGroup
  ? KeysNeeded<X, Ev>
  : X extends View<infer Gr, string, string, infer M>
    ? [keyof M] extends [never]
      ? KeysNeeded<Gr, Ev>
      : RoleKeysNeeded<Gr, RoleNames<Ev, Gr, M>, [Ev] extends [never] ? never : Known<Ev>>
    : never

/** By the name that each key has in the role, those that the event does not give. */
type RoleKeysNeeded<Gr extends AnyGroup, As extends Readonly<Record<keyof KeyOf<Gr>, PropertyKey>>, Given> = {
  readonly [N in keyof KeyOf<Gr> as As[N] extends Given ? never : As[N]]: z.input<KeyOf<Gr>[N]>
}

type KeysNeeded<Gr extends AnyGroup, Ev extends AnySource> = [Ev] extends [never]
  ? { readonly [N in keyof KeyOf<Gr>]: z.input<KeyOf<Gr>[N]> }
  : IsOwn<Ev, Gr> extends true
    ? Record<never, never>
    : { readonly [N in keyof KeyOf<Gr> as N extends Known<Ev> ? never : N]: z.input<KeyOf<Gr>[N]> }

/** A property that is there only where there is something to say. */
type Property<N extends string, X> = [X] extends [never] ? unknown : { readonly [P in N]: X }
// They spell the types of EventIn and EventSeen out, as the compiler shows the outermost alias, which must be the one that says why.
type EventInProperty<Ev extends AnySource> = [Ev] extends [never]
  ? unknown
  : {
      readonly event: EventBeforeOutcome<
        NotYetKnown<OutcomeOf<Ev>>,
        Unstamped<z.input<z.ZodObject<ShapeOf<Ev>>>, StampsOf<Ev>>,
        OutcomeOf<Ev>
      >
    }
type EventSeenProperty<Ev extends AnySource> = [Ev] extends [never]
  ? unknown
  : {
      readonly event: EventBeforeOutcome<
        NotYetKnown<OutcomeOf<Ev>> | NotYetStamped<StampsOf<Ev>>,
        SeenOf<Ev>,
        OutcomeOf<Ev> | StampsOf<Ev>
      >
    }
type KeysProperty<K> = [keyof K] extends [never] ? unknown : { readonly keys: Flat<K> }

/** What a service is sent. */
export type ServiceInput<L extends FeatureList, Ev extends AnySource, R extends Shape> = {
  /** The instant that the answer is for, in epoch milliseconds or ISO 8601. Default: the event's time, else now. */
  readonly at?: number | string
} & EventInProperty<Ev> &
  KeysProperty<All<KeysPart<L[number], Ev>>> &
  Property<'request', [R] extends [never] ? never : z.input<z.ZodObject<R>>>

/** What a function of `derive` is given: the features `f`, where a sum past 2^53 is rounded, the event, the request. */
export type DeriveArgument<L extends FeatureList, Ev extends AnySource, R extends Shape> = {
  readonly f: { readonly [N in keyof VectorIn<L, Ev>]: Rounded<VectorIn<L, Ev>[N]> }
} & EventSeenProperty<Ev> &
  Property<'request', [R] extends [never] ? never : z.output<z.ZodObject<R>>>

// ---- for clients: import type * as definitions ----

type AnyService = Service<string, unknown, unknown>

/** The services among the exports of a definitions module, by name. */
export type Services<M> = {
  readonly [K in keyof M as M[K] extends Service<infer N, unknown, unknown> ? N : never]: M[K]
}

/** What a service is sent. */
export type InputOf<X extends AnyService> = Flat<X[typeof type]['input']>

/** What a service answers, by name of feature and derived value. */
export type VectorOf<X extends AnyService> = Flat<X[typeof type]['vector']>
