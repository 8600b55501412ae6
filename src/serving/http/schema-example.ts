import { EXAMPLE_TIME } from './column-schemas.ts'
import type { JsonSchema } from './json-schema.ts'
import { samplePattern } from './pattern-sample.ts'

/** How deep examples go: what contains itself has no end. */
const DEPTH_MAX = 8

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': EXAMPLE_TIME,
  date: EXAMPLE_TIME.slice(0, 10),
  time: '12:00:00',
  duration: 'P1D',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '4f5ff0d1-9a3c-4c1e-8f5b-0a3a5c9d7e21',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  cidrv4: '192.0.2.0/24',
  cidrv6: '2001:db8::/32',
  ulid: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  e164: '+15555550100',
}

type Limits = Readonly<
  Partial<Record<'minimum' | 'exclusiveMinimum' | 'maximum' | 'exclusiveMaximum' | 'multipleOf', number>>
>

/**
 * A value that a JSON schema of ours is likely to take, the same each time; `name` is what it stands for. Undefined where none is found.
 * No promise: whoever shows it tries it first.
 */
export function exampleOf(schema: JsonSchema, name: string, depth = 0): unknown {
  if (depth > DEPTH_MAX) return undefined
  const { examples, default: preset, enum: values, anyOf, oneOf, allOf } = schema
  if (Array.isArray(examples) && examples.length > 0) return examples[0]
  if (preset !== undefined) return preset
  if (Array.isArray(values)) return values[0]
  if (Array.isArray(allOf)) {
    return Object.assign({}, ...(allOf as JsonSchema[]).map((one) => exampleOf(one, name, depth + 1)))
  }
  const choices = anyOf ?? oneOf
  if (Array.isArray(choices)) return exampleOf(choices[0] as JsonSchema, name, depth + 1)
  switch ([schema.type].flat()[0]) {
    case 'object':
      return objectExample(schema, depth)
    case 'array':
      return listExample(schema, name, depth)
    case 'string':
      return textExample(schema, name)
    case 'integer':
    case 'number':
      return numberExample(schema)
    case 'boolean':
      return false
    default:
      return null
  }
}

function objectExample({ properties = {} }: JsonSchema, depth: number): Record<string, unknown> {
  const inner = Object.entries(properties as Record<string, JsonSchema>)
  const values = inner.map(([name, schema]) => [name, exampleOf(schema, name, depth + 1)] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

function listExample({ items = {}, prefixItems, minItems = 0 }: JsonSchema, name: string, depth: number): unknown[] {
  if (Array.isArray(prefixItems)) return (prefixItems as JsonSchema[]).map((one) => exampleOf(one, name, depth + 1))
  // Elements of which nothing is known are left out.
  const known = Object.keys(items as JsonSchema).length > 0
  const length = Math.max(known ? 1 : 0, minItems as number)
  return Array.from({ length }, () => exampleOf(items as JsonSchema, name, depth + 1))
}

function textExample({ format, pattern, minLength = 0, maxLength }: JsonSchema, name: string): string | undefined {
  const known = FORMATS[format as string]
  if (known !== undefined) return known
  if (typeof pattern === 'string') return samplePattern(pattern) ?? undefined
  // `card_id` is card-1.
  const text = `${name.replace(/_?id$/, '').replaceAll('_', '-') || 'id'}-1`
  return text.padEnd(minLength as number, '0').slice(0, maxLength as number | undefined)
}

/** The number next to 1 that is within its limits. */
function numberExample(schema: JsonSchema): number {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema as Limits
  const low = Math.max(minimum ?? -Infinity, (exclusiveMinimum ?? -Infinity) + 1)
  const high = Math.min(maximum ?? Infinity, (exclusiveMaximum ?? Infinity) - 1)
  // Between limits that are less than a step apart there is their mean.
  const near = low <= high ? Math.min(Math.max(1, low), high) : (low + high) / 2
  const whole = [schema.type].flat()[0] === 'integer' ? Math.ceil(near) : near
  return multipleOf === undefined ? whole : Math.ceil(near / multipleOf) * multipleOf
}
