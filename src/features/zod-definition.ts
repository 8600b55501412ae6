import type { z } from 'zod'

/** A zod type that is not on the list: its name, as `z.date()`, what is wrong with it, and what to write instead. */
export interface Refusal {
  readonly refused: string
  readonly why: string
  readonly cure: string
}

/** A zod definition, seen without its type: what this file looks at. */
export interface Definition {
  readonly type: string
  readonly format?: string
  readonly coerce?: boolean
  readonly local?: boolean
  readonly normalize?: boolean
  readonly pattern?: RegExp
  readonly fn?: unknown
  readonly innerType?: z.core.$ZodType
  readonly in?: z.core.$ZodType
  readonly out?: z.core.$ZodType
  readonly transform?: unknown
  readonly entries?: Readonly<Record<string, string | number>>
  readonly values?: readonly unknown[]
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDefinition } }[]
}

/** A check of zod, as `.min(1)`. */
export interface CheckDefinition {
  readonly check: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly length?: number
  readonly value?: number | bigint | Date
  readonly inclusive?: boolean
  readonly normalize?: boolean
  readonly pattern?: RegExp
  readonly fn?: unknown
  readonly prefix?: string
  readonly suffix?: string
  readonly includes?: string
}

/** Zod's definition of a schema. */
export function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as unknown as Definition
}

/** The definitions of a schema's checks: its own format first (`z.int()`, `z.uuid()`), then those chained to it. */
export function checksOf(leaf: z.core.$ZodType): readonly CheckDefinition[] {
  const def = definitionOf(leaf)
  const own = 'check' in def ? [def as unknown as CheckDefinition] : []
  return [...own, ...(def.checks ?? []).map((check) => check._zod.def)]
}
