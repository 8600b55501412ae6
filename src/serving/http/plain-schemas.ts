import { STATUS_NAMES } from '../feature-status.ts'
import { INTEGER, TIME } from './column-schemas.ts'
import type { Naming } from './json-schema.ts'
import { type JsonSchema, listOf, objectOf, orNull } from './json-schema.ts'
import { scalarSchema } from './value-schemas.ts'

// What does not depend on the definitions. Names of services and sources are followed by what is described of them, as in
// payments_event, so the names here must not end like that.

const TEXT: JsonSchema = { type: 'string' }
const TEXT_OR_NULL = orNull(TEXT)
const FLAG: JsonSchema = { type: 'boolean' }
const TEXTS = listOf(TEXT)
const FREE: JsonSchema = { type: 'object', additionalProperties: true }

/** What is wrong with a call. */
export function problemSchema(named: Naming): JsonSchema {
  return named('Problem', objectOf(PROBLEM))
}

const PROBLEM = {
  code: { ...TEXT, description: 'What kind of error it is: the answers of each route list theirs.' },
  field: {
    ...TEXT_OR_NULL,
    description: 'Where in the request, as keys.card_id; of an event, its column. Null where the whole is meant.',
  },
  value: { ...TEXT_OR_NULL, description: 'What stands there: JSON, shortened. Null where nothing does.' },
  message: { ...TEXT, description: 'A sentence that names the field and the value.' },
  cure: { ...TEXT, description: 'What to do about it.' },
}

export function refusalSchema(named: Naming): JsonSchema {
  return named('Refusal', objectOf({ error: problemSchema(named) }))
}

function rejectionSchema(named: Naming): JsonSchema {
  return named(
    'Rejection',
    objectOf({
      index: { ...INTEGER, description: 'The place in the list, from 0; of NDJSON the line, from 0.' },
      ...PROBLEM,
    }),
  )
}

/** What was done with events. */
export function intakeSchema(named: Naming): JsonSchema {
  const rejected = listOf(rejectionSchema(named))
  return named('Intake', objectOf({ accepted: { ...INTEGER, minimum: 0 }, rejected }))
}

/** None of the events was accepted, or it could not be read at all what they are. */
export function intakeRefusalSchema(named: Naming): JsonSchema {
  const rejected = listOf(rejectionSchema(named))
  const properties = { error: problemSchema(named), accepted: { ...INTEGER, minimum: 0 }, rejected }
  return named('IntakeRefusal', objectOf(properties, ['accepted', 'rejected']))
}

/** The value of a feature and the events behind it. */
export function historySchema(named: Naming): JsonSchema {
  const entry = named(
    'HistoryEntry',
    objectOf({
      time: TIME,
      time_ms: INTEGER,
      id_hash: { ...TEXT, description: "xxHash64 of the event's id, in 16 hexadecimal digits." },
      version: INTEGER,
      columns: {
        type: 'object',
        additionalProperties: scalarSchema(named),
        description: 'What the timeline keeps: money in minor units, times as ISO 8601.',
      },
    }),
  )
  const window = objectOf({ after_ms: INTEGER, until_ms: INTEGER })
  return named(
    'History',
    objectOf({
      feature: TEXT,
      as_of: INTEGER,
      window: { ...named('Window', window), description: 'Later than after_ms, up to and with until_ms.' },
      // Any JSON value: a list of types with `array` in it would need items, which generators take for all there is.
      value: { description: 'As services serve it.' },
      status: { ...TEXT, enum: STATUS_NAMES },
      total: { ...INTEGER, minimum: 0, description: 'How many events the window holds that pass the filter.' },
      events: { ...listOf(entry), description: 'The newest of them, newest first.' },
    }),
  )
}

export const HEALTH = objectOf({ status: { ...TEXT, enum: ['ok'] } })

export const READINESS = objectOf(
  {
    status: { ...TEXT, enum: ['ready', 'not_ready'] },
    reasons: { ...TEXTS, description: 'Why it is not ready, in sentences.' },
  },
  ['reasons'],
)

const DESCRIBED = { name: TEXT, description: TEXT_OR_NULL, owner: TEXT_OR_NULL, tags: TEXTS }
/** Names of what reads it. */
const READ_BY = { groups: TEXTS, services: TEXTS }
const DEPRECATED = {
  ...orNull(objectOf({ replaced_by: TEXTS, since: TEXT_OR_NULL, why: TEXT_OR_NULL })),
  description: 'That it should not be read any more; null where nothing is said.',
}
const TYPE = { name: TEXT, type: TEXT, scale: INTEGER, values: TEXTS }

/** Everything that the definitions say. */
export function catalogueSchema(named: Naming): JsonSchema {
  const column = named(
    'CatalogueColumn',
    objectOf(
      {
        ...TYPE,
        nullable: FLAG,
        archive_name: TEXT_OR_NULL,
        computed: {
          ...orNull(INTEGER),
          description: 'The version of a computed column; null for one that events bring.',
        },
        features: TEXTS,
        groups: TEXTS,
        derived: { ...TEXTS, description: 'The derived values that read it, as service.name.' },
      },
      ['scale', 'values'],
    ),
  )
  const key = named('CataloguePart', objectOf(TYPE, ['scale', 'values']))
  const source = objectOf({
    ...DESCRIBED,
    columns: listOf(column),
    id: TEXT,
    time: TEXT,
    version: TEXT_OR_NULL,
    deleted: TEXT_OR_NULL,
    outcome: TEXTS,
    stream: orNull(objectOf({ topic: TEXT, where: FREE, decoded: FLAG }, ['where', 'decoded'])),
    archive: orNull(objectOf({ table: TEXT, precision: { ...TEXT, enum: ['ms', 's'] } })),
    ...READ_BY,
  })
  const group = objectOf({
    ...DESCRIBED,
    deprecated: DEPRECATED,
    source: TEXT,
    entity: TEXT,
    key: TEXTS,
    timeline: { ...TEXT, description: 'Its fingerprint.' },
    retention: TEXT,
    features: TEXTS,
    services: TEXTS,
  })
  const from = { ...TEXT, enum: ['event', 'keys'], description: 'Where the request has it.' }
  const role = named(
    'CatalogueRole',
    objectOf({
      name: TEXT,
      group: TEXT,
      keys: listOf(named('CatalogueRoleKey', objectOf({ key: TEXT, from, name: TEXT }))),
    }),
  )
  const service = objectOf({
    ...DESCRIBED,
    deprecated: DEPRECATED,
    version: TEXT,
    event: TEXT_OR_NULL,
    keys: listOf(key),
    features: TEXTS,
    roles: listOf(role),
    derived: TEXTS,
    request: { ...FREE, description: 'A JSON schema of what the service is sent.' },
  })
  const inputs = {
    ...named('CatalogueInputs', objectOf({ features: TEXTS, columns: TEXTS, request: TEXTS })),
    description: 'What trials read: features, columns of the event as payments.amount, fields of the request.',
  }
  return named(
    'Catalogue',
    objectOf({
      sources: listOf(named('CatalogueSource', source)),
      entities: listOf(named('CatalogueEntity', objectOf({ ...DESCRIBED, key: listOf(key), ...READ_BY }))),
      groups: listOf(named('CatalogueGroup', group)),
      features: listOf(named('CatalogueFeature', CATALOGUE_FEATURE)),
      derived: listOf(named('CatalogueDerived', objectOf({ ...CATALOGUE_DERIVED, reads: inputs }))),
      services: listOf(named('CatalogueService', service)),
    }),
  )
}

const CATALOGUE_DERIVED = {
  ...DESCRIBED,
  deprecated: DEPRECATED,
  service: { ...TEXT, description: 'The one that derives it.' },
  type: {
    ...TEXT_OR_NULL,
    description: 'As trials on made-up values gave it: number, string, boolean; null: not known.',
  },
  nullable: { ...FLAG, description: 'Whether trials gave null.' },
}

const CATALOGUE_FEATURE = objectOf({
  ...DESCRIBED,
  deprecated: DEPRECATED,
  group: TEXT,
  role: { ...TEXT_OR_NULL, description: 'The role in which services read it; null: as its group has it.' },
  feature: TEXT,
  source: TEXT,
  entity: TEXT,
  aggregate: TEXT,
  doc: TEXT,
  column: TEXT_OR_NULL,
  params: FREE,
  per: { ...orNull(objectOf({ column: TEXT, limit: INTEGER })), description: 'Of a map: the column of its keys.' },
  of: { ...orNull(FREE), description: 'The filter whose share is asked for.' },
  where: { ...orNull(FREE), description: 'The filter that events must pass.' },
  exclude_current: FLAG,
  window: TEXT,
  delay: TEXT_OR_NULL,
  window_ms: INTEGER,
  delay_ms: INTEGER,
  type: { ...TEXT, description: 'As count, money, list of string, map of double.' },
  unit: TEXT_OR_NULL,
  nullable: { ...FLAG, description: 'Over nothing; any value is null where its key is.' },
  empty: { description: 'Its value over nothing.' },
  reads: TEXTS,
  derived: { ...TEXTS, description: 'The derived values that read it, as service.name.' },
  services: TEXTS,
  timeline: { ...TEXT, description: 'Its fingerprint.' },
  status: { ...TEXT, enum: ['ok', 'stale', 'incomplete', 'unserved'], description: 'How far it may be trusted now.' },
  complete_since_ms: {
    ...orNull(INTEGER),
    description: 'Since when its rows are complete, event time; 0: since ever; null: not at all.',
  },
  why: { ...TEXT_OR_NULL, description: 'Null where it is ok.' },
})
