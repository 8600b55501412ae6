import type { TimelineModel } from './model.ts'

/**
 * What a timeline is called, for people and in metrics: `payments by card`. Where the entity's key is in columns of other names they are told
 * as well, as there may be several of one entity: `transfers by account (payee_id)`.
 */
export function timelineName({ source, entity, key }: Pick<TimelineModel, 'source' | 'entity' | 'key'>): string {
  const columns = key.map((column) => source.columns[column]!.name)
  const name = `${source.name} by ${entity.name}`
  return columns.every((column, part) => column === entity.key[part]!.name) ? name : `${name} (${columns.join(', ')})`
}
