import type { z } from 'zod'
import type { type } from '../timeline/column.ts'
import type { meta } from './definition.ts'
import type { AnySource } from './source.ts'

/** An event of a source as it is sent, with its outcome. */
export type EventOf<Src extends AnySource> = z.input<z.ZodObject<Src[typeof meta][typeof type]['shape']>>

/** The sources among the exports of a definitions module, by name. */
export type Sources<M> = {
  readonly [K in keyof M as M[K] extends AnySource ? M[K][typeof meta]['name'] : never]: M[K]
}
