import type { JsonSchema } from './json-schema.ts'

/** An answer of JSON, with an example where there is one. */
export function jsonAnswer(description: string, schema: JsonSchema, example?: unknown): JsonSchema {
  return { description, content: jsonContent(schema, example) }
}

/** The same with examples by name. */
export function jsonAnswers(description: string, schema: JsonSchema, examples: Record<string, unknown>): JsonSchema {
  const named = Object.entries(examples).map(([name, value]) => [name, { value }])
  const content = { schema, ...(named.length === 0 ? {} : { examples: Object.fromEntries(named) }) }
  return { description, content: { 'application/json': content } }
}

export function jsonBody(schema: JsonSchema, example?: unknown): JsonSchema {
  return { required: true, content: jsonContent(schema, example) }
}

export function jsonContent(schema: JsonSchema, example?: unknown): Record<string, JsonSchema> {
  return { 'application/json': { schema, ...(example === undefined ? {} : { example }) } }
}
