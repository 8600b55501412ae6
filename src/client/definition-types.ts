import type { InputOf, Service, Services, VectorOf } from '../features/service-types.ts'
import type { AnySource } from '../features/source.ts'
import type { EventOf, Sources } from '../features/source-types.ts'

// `M` is the type of a module of definitions. Where none is given it is unknown, and every name goes.

/** The values of a service whose definitions are not known. */
export type AnyVector = Readonly<
  Record<string, number | string | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
>

export type AnyObject = Readonly<Record<string, unknown>>

export type ServiceName<M> = unknown extends M ? string : keyof Services<M> & string

export type SourceName<M> = unknown extends M ? string : keyof Sources<M> & string

type ServiceOf<M, N> = N extends keyof Services<M>
  ? Services<M>[N] extends infer X extends Service<string, unknown, unknown>
    ? X
    : never
  : never

/** What the service is sent. */
export type RequestOf<M, N extends string> = unknown extends M ? AnyObject : InputOf<ServiceOf<M, N>>

/** What the service answers, by name of feature and derived value. */
export type FeaturesOf<M, N extends string> = unknown extends M ? AnyVector : VectorOf<ServiceOf<M, N>>

/** What an event of the source is. */
export type SourceEvent<M, N extends string> = unknown extends M
  ? AnyObject
  : N extends keyof Sources<M>
    ? Sources<M>[N] extends infer Src extends AnySource
      ? EventOf<Src>
      : never
    : never
