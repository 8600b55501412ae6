import { z } from 'zod'

/** A JSON schema, as OpenAPI 3.1 has it. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** Gives a schema a name, and answers how to refer to it. */
export type Naming = (name: string, schema: JsonSchema) => JsonSchema

/** Leaves schemas where they stand: for one that is read alone. */
export const IN_PLACE: Naming = (_, schema) => schema

/** An object with exactly these properties, all required but the optional ones. */
export function objectOf(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }), additionalProperties: false }
}

export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}

/** The same or null, as a list of types: what generators understand best. */
export function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values, oneOf } = schema
  if (Array.isArray(oneOf)) return { ...schema, oneOf: [...oneOf, { type: 'null' }] }
  if (type === undefined) return Object.keys(schema).length === 0 ? schema : { anyOf: [schema, { type: 'null' }] }
  return { ...schema, type: [type, 'null'].flat(), ...(values ? { enum: [...(values as unknown[]), null] } : {}) }
}

/**
 * A zod schema as JSON schema of what may be sent, without references: those of zod lead to a root that it does not have here. What
 * contains itself is anything from there on.
 */
export function inputSchema(schema: z.core.$ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const { $defs = {}, ...root } = json as { $defs?: Readonly<Record<string, unknown>> }
  return plain(root, $defs, ['#']) as JsonSchema
}

/** Keywords that hold schemas: one, a list of them, or some by name. Whatever else a schema holds is values. */
const ONE = ['items', 'additionalProperties', 'propertyNames', 'not', 'contains']
const MANY = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const NAMED = ['properties', 'patternProperties']

function plain(schema: unknown, defs: Readonly<Record<string, unknown>>, open: readonly string[]): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref, id: _, ...rest } = schema as JsonSchema
  if (typeof $ref === 'string') {
    if (open.includes($ref)) return {}
    return plain(defs[$ref.replace('#/$defs/', '')], defs, [...open, $ref])
  }
  const inner = (one: unknown) => plain(one, defs, open)
  const entries = Object.entries(rest).map(([word, value]) => {
    if (ONE.includes(word)) return [word, inner(value)]
    if (MANY.includes(word)) return [word, (value as unknown[]).map(inner)]
    if (!NAMED.includes(word)) return [word, value]
    return [word, Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, inner(one)]))]
  })
  return typed(Object.fromEntries(entries))
}

/** A schema in the words that generators of clients know best: null among the types, the width of numbers. */
function typed(schema: JsonSchema): JsonSchema {
  const { anyOf, const: constant, ...rest } = schema
  // A tuple ends with `maxItems` as well: some generators take `items` for a schema always.
  if (rest.items === false && rest.maxItems !== undefined) {
    const { items: _, ...tuple } = rest
    return tuple
  }
  if (Array.isArray(anyOf) && anyOf.length === 2 && (anyOf[1] as JsonSchema).type === 'null') {
    return orNull({ ...(anyOf[0] as JsonSchema), ...rest })
  }
  if (Array.isArray(anyOf)) return { ...schema, anyOf: anyOf.map(withoutTextFormat) }
  if (constant !== undefined && constant !== null) return typed({ ...rest, enum: [constant] })
  // Of whole numbers that are a double the generator for Java makes what does not compile.
  if (schema.type === 'number' && Array.isArray(schema.enum) && schema.enum.every(Number.isInteger)) {
    return { ...schema, type: 'integer', format: 'int64' }
  }
  if (schema.type === 'integer') return { format: 'int64', ...schema }
  return schema.type === 'number' ? { format: 'double', ...schema } : schema
}

/** Java's generator has classes of its own for times and ids, and makes of a choice of one what does not compile; the pattern stays. */
function withoutTextFormat(schema: JsonSchema): JsonSchema {
  if (schema.type !== 'string') return schema
  const { format: _, ...rest } = schema
  return rest
}
