import { isRefusal, readColumn } from '../column-types.ts'
import type { EntityData } from '../definition.ts'
import { checkDescribed } from './described.ts'
import { checkColumnName, checkName } from './names.ts'
import { checkOptions } from './options.ts'
import type { Report } from './report.ts'

const KEY_CURE = 'write z.string(), or z.int() where it stays below 2^53'

/** Most parts of a key: more is a sign that the key holds what is no key. */
const KEY_PARTS_MAX = 16

/** Kinds that a key can have: their equality is nobody's question. */
const KEY_KINDS = new Set(['string', 'int', 'enum', 'bool'])

/** Checks one entity by itself. */
export function checkEntity(report: Report, entity: EntityData): void {
  checkName(report, 'an entity', entity.name)
  checkDescribed(report, entity)
  checkOptions(report, entity)
  const parts = Object.entries(entity.key)
  if (parts.length === 0)
    report.at('key').error('its key has no parts', 'name at least one, as key: { card_id: z.string() }')
  if (parts.length > KEY_PARTS_MAX)
    report.at('key').error(`its key has ${parts.length} parts`, `use at most ${KEY_PARTS_MAX}`)
  for (const [name, schema] of parts) {
    const part = report.at('key', name)
    checkColumnName(part, 'a key', name)
    const column = readColumn(schema)
    if (isRefusal(column)) {
      part.error(`the key '${name}' is ${column.refused}, which ${column.why}`, column.cure)
      continue
    }
    if (column.type.kind === 'double') {
      part.error(`the key '${name}' is z.number(), which can pass 2^53 and have decimals`, KEY_CURE)
    } else if (!KEY_KINDS.has(column.type.kind)) {
      part.error(`the key '${name}' is of type ${column.type.kind}`, KEY_CURE)
    }
    if (column.nullable) {
      const cure = 'leave .nullable() out here: events whose column is null belong to no entity'
      part.error(`the key '${name}' may be null`, cure)
    }
  }
}
