import type { z } from 'zod'
import { noteWritten, noteWrittenAs } from '../timeline/written-at.ts'
import { type Described, type EntityData, meta, type Shape } from './definition.ts'
import { definitionTitle, describedIn, isZodType, unknownIn } from './definition-input.ts'

type Names = Readonly<Record<string, string>>

/** What the compiler knows of an entity: its keys `K`, and the column `M` of a source that holds each. */
export interface EntityInfo<E extends string, K extends Shape, M extends Names> extends EntityData {
  readonly name: E
  readonly key: K
  readonly columns: M
}

export interface AnyEntity {
  readonly [meta]: EntityInfo<string, Shape, Names>
}

/** What features are about: a card, a merchant, a card at a merchant. */
export interface Entity<E extends string, K extends Shape, M extends Names> extends AnyEntity {
  readonly [meta]: EntityInfo<E, K, M>
  /**
   * The same entity for a source that names its key columns otherwise: `account.from({ account_id: 'payer_id' })`. Keys
   * that are not named here keep their columns.
   */
  from<const C extends Names>(
    columns: {
      readonly [N in keyof C]: N extends keyof K ? C[N] : `${E} has no key ${N & string}`
    },
  ): Entity<E, K, { readonly [N in keyof M]: N extends keyof C ? C[N] : M[N] }>
}

export interface EntityOptions<K extends Shape> extends Described {
  /** Its key, with the type of each part: `{ card_id: z.string() }`. */
  readonly key: K
}

/** Defines what features are about, by its key. Sources hold the key in columns of the same names, or see {@link Entity.from}. */
export function entity<const E extends string, K extends Shape>(
  name: E,
  options: EntityOptions<K>,
): Entity<E, K, { readonly [N in keyof K & string]: N }> {
  const title = definitionTitle('entity', name, options)
  const { key } = options
  if (typeof key !== 'object' || key === null) {
    throw new TypeError(`${title} needs a key, as key: { card_id: z.string() }`)
  }
  for (const [part, schema] of Object.entries(key as Record<string, z.core.$ZodType>)) {
    if (!isZodType(schema)) throw new TypeError(`${title} needs a zod type for its key ${part}, as ${part}: z.string()`)
  }
  const columns = Object.fromEntries(Object.keys(key).map((part) => [part, part]))
  const data = {
    kind: 'entity',
    name,
    ...describedIn(options),
    ...unknownIn(options, ['key']),
    key: Object.freeze({ ...key }),
    columns,
  } as const
  return mapped(data, noteWritten(data)) as unknown as Entity<E, K, { readonly [N in keyof K & string]: N }>
}

function mapped(data: EntityData, from: EntityData): object {
  const frozen: EntityData = Object.freeze({ ...data, columns: Object.freeze({ ...data.columns }) })
  noteWrittenAs(frozen, from)
  return Object.freeze({
    [meta]: frozen,
    from: (columns: Names) => mapped({ ...frozen, columns: { ...frozen.columns, ...columns } }, frozen),
  })
}
