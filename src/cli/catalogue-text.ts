import { featureText } from '../features/feature-text.ts'
import type { MemoryEstimate } from '../features/memory-estimate.ts'
import type { Catalogue } from '../serving/http/catalogue.ts'
import type { Entries, Entry } from './catalogue-selection.ts'
import { bytes, count, counted, instant, styled, table } from './output.ts'
import type { TimelineSize } from './timeline-size.ts'

/** What is held for a timeline, and what `plan` expects; null: not known. */
export interface Memory {
  readonly held: TimelineSize | null
  readonly estimate: MemoryEstimate | null
}

type Feature = Entries['features'][number]
type Deprecated = Feature['deprecated']

/** What there is, in a table for each kind that is not empty. */
export function listText(all: Entries): string {
  const parts = [
    serviceTable(all.services),
    groupTable(all.groups),
    featureTable(all.features),
    derivedTable(all.derived),
    ...originTables(all),
  ]
  const text = parts.filter((part) => part !== null).join('\n\n')
  if (text === '') return 'Nothing in the catalogue is like that.'
  return `${text}\n\n${styled('dim', 'One name shows all of it, with what reads it: millrace catalogue <name>')}`
}

function serviceTable(services: Catalogue['services']): string | null {
  if (services.length === 0) return null
  const rows = services.map((one) => [one.name, one.event ?? '-', count(one.features.length), ...about(one)])
  return table(['SERVICE', 'EVENT', 'FEATURES', 'OWNER', 'TAGS', 'DESCRIPTION'], rows, ['left', 'left', 'right'])
}

function groupTable(groups: Catalogue['groups']): string | null {
  if (groups.length === 0) return null
  const rows = groups.map((one) => [one.name, one.source, one.entity, count(one.features.length), ...about(one)])
  return table(['GROUP', 'SOURCE', 'ENTITY', 'FEATURES', 'OWNER', 'TAGS', 'DESCRIPTION'], rows, [
    'left',
    'left',
    'left',
    'right',
  ])
}

function featureTable(features: readonly Feature[]): string | null {
  if (features.length === 0) return null
  const rows = features.map((one) => [
    one.name,
    one.type,
    JSON.stringify(one.empty),
    statusText(one.status),
    count(one.services.length),
    deprecated(one.deprecated) + (one.description ?? ''),
  ])
  return table(['FEATURE', 'TYPE', 'EMPTY', 'STATUS', 'SERVICES', 'DESCRIPTION'], rows, [
    'left',
    'left',
    'left',
    'left',
    'right',
  ])
}

function derivedTable(derived: Catalogue['derived']): string | null {
  if (derived.length === 0) return null
  const rows = derived.map((one) => [one.name, one.service, one.type ?? '-', readsText(one.reads) ?? '-'])
  return table(['DERIVED', 'SERVICE', 'TYPE', 'READS'], rows)
}

function readsText({ features, columns, request }: Catalogue['derived'][number]['reads']): string | null {
  return list([...features, ...columns, ...request.map((field) => `request.${field}`)])
}

function originTables({ sources, entities }: Entries): (string | null)[] {
  const sourceRows = sources.map((one) => [
    one.name,
    one.stream?.topic ?? '-',
    one.archive?.table ?? '-',
    count(one.columns.length),
    ...about(one),
  ])
  const entityRows = entities.map((one) => [
    one.name,
    one.key.map(({ name }) => name).join(', '),
    count(one.groups.length),
    ...about(one),
  ])
  return [
    sources.length === 0
      ? null
      : table(['SOURCE', 'TOPIC', 'TABLE', 'COLUMNS', 'OWNER', 'TAGS', 'DESCRIPTION'], sourceRows, [
          'left',
          'left',
          'left',
          'right',
        ]),
    entities.length === 0
      ? null
      : table(['ENTITY', 'KEY', 'GROUPS', 'OWNER', 'TAGS', 'DESCRIPTION'], entityRows, ['left', 'left', 'right']),
  ]
}

interface About {
  readonly owner: string | null
  readonly tags: readonly string[]
  readonly description: string | null
  readonly deprecated?: Deprecated
}

function about({ owner, tags, description, deprecated: said = null }: About): [string, string, string] {
  return [owner ?? '-', tags.join(', ') || '-', deprecated(said) + (description ?? '')]
}

function statusText(status: Feature['status']): string {
  return styled(status === 'ok' ? 'green' : status === 'stale' ? 'yellow' : 'red', status)
}

function deprecated(said: Deprecated): string {
  return said === null ? '' : styled('yellow', `[${deprecationLine(said)}] `)
}

function deprecationLine({ replaced_by, since, why }: NonNullable<Deprecated>): string {
  const rest = [replaced_by.length === 0 ? null : `use ${replaced_by.join(', ')}`, why].filter((part) => part !== null)
  return `deprecated${since === null ? '' : ` since ${since}`}${rest.length === 0 ? '' : `: ${rest.join('; ')}`}`
}

type Row = readonly [label: string, value: string | null]

/** All of one entry, a line for each thing that there is to say. */
export function entryText(found: Entry, memory: Memory | null): string {
  const { kind, entry } = found
  const name =
    kind === 'column'
      ? `${found.source}.${entry.name}`
      : kind === 'derived'
        ? `${entry.service}.${entry.name}`
        : entry.name
  const said: Row[] =
    kind === 'column'
      ? []
      : [
          ['description', entry.description],
          ['owner', entry.owner],
          ['tags', list(entry.tags)],
          ['deprecated', 'deprecated' in entry && entry.deprecated !== null ? deprecationLine(entry.deprecated) : null],
        ]
  const rows = [...said, ...rowsOf(found), ...memoryRows(memory)].filter(
    (row): row is [string, string] => row[1] !== null,
  )
  const width = Math.max(...rows.map(([label]) => label.length))
  return [
    styled('bold', `${kind} ${name}`),
    ...rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`),
  ].join('\n')
}

function rowsOf(found: Entry): Row[] {
  switch (found.kind) {
    case 'feature':
      return featureRows(found.entry)
    case 'derived': {
      const { service, type, nullable, reads } = found.entry
      return [
        ['computed', `by ${service}, when it is asked`],
        ['value', `${type ?? 'not known'}${nullable ? ' or null' : ''}, as trials on made-up values gave it`],
        ['reads', readsText(reads) ?? 'nothing, as trials found'],
        ['read by', service],
      ]
    }
    case 'group': {
      const { source, entity, key, retention, features, services } = found.entry
      return [
        ['reads', `${source} by ${entity} (${key.join(', ')}), kept for ${retention}`],
        ['features', list(features)],
        ['read by', readBy(services)],
      ]
    }
    case 'service': {
      const { version, event, keys, features, roles, derived } = found.entry
      return [
        ['version', version],
        ['event', event],
        ['keys', list(keys.map(({ name, type }) => `${name}: ${type}`))],
        ['features', list(features)],
        ['roles', list(roles.map(roleLine))],
        ['derived', list(derived)],
      ]
    }
    case 'source': {
      const { columns, id, time, version, deleted, outcome, stream, archive, groups, services } = found.entry
      const roles = Object.entries({ id, time, version, deleted }).flatMap(([role, name]) =>
        name === null ? [] : [`${role} ${name}`],
      )
      return [
        ['columns', columns.map(columnText).join(', ')],
        ['roles', list([...roles, ...outcome.map((name) => `outcome ${name}`)])],
        ['topic', stream?.topic ?? null],
        ['archive', archive?.table ?? null],
        ['groups', list(groups)],
        ['read by', readBy(services)],
      ]
    }
    case 'entity': {
      const { key, groups, services } = found.entry
      return [
        ['key', key.map(({ name, type }) => `${name}: ${type}`).join(', ')],
        ['groups', list(groups)],
        ['read by', readBy(services)],
      ]
    }
    case 'column': {
      const { type, nullable, archive_name, computed, features, groups, derived } = found.entry
      return [
        ['type', `${type}${nullable ? ' or null' : ''}`],
        computed === null ? ['archive', archive_name] : ['computed', `version ${computed}`],
        ['key of', list(groups)],
        ['features', features.length === 0 ? 'none reads it' : list(features)],
        ['derived', list(derived)],
        ['read by', readBy(found.services)],
      ]
    }
  }
}

/** `bin: string or null, computed`. */
function columnText({ name, type, nullable, computed }: Entries['sources'][number]['columns'][number]): string {
  return `${name}: ${type}${nullable ? ' or null' : ''}${computed === null ? '' : ', computed'}`
}

/** `payee: sent of account_id = event.payee_id`. */
function roleLine({ name, group, keys }: Entries['services'][number]['roles'][number]): string {
  return `${name}: ${group} of ${keys.map(({ key, from, name: as }) => `${key} = ${from}.${as}`).join(', ')}`
}

function featureRows(one: Feature): Row[] {
  const { type, unit, nullable, empty } = one
  const since = one.complete_since_ms
  const complete = since === null ? '' : `; complete since ${since === 0 ? 'ever' : instant(since)}`
  return [
    ['means', one.doc],
    ['computed', featureText({ ...one, excludeCurrent: one.exclude_current })],
    [
      'value',
      `${type}${unit === null || unit === type ? '' : ` (${unit})`}${nullable ? ' or null' : ''}; over no events ${JSON.stringify(empty)}`,
    ],
    ['status', `${statusText(one.status)}${one.why === null ? '' : `: ${one.why}`}${complete}`],
    ['group', one.role === null ? one.group : `${one.group}, in the role ${one.role}`],
    [
      'reads',
      `${one.source} by ${one.entity}${one.reads.length === 0 ? ', no column' : `: ${one.reads.map((name) => `${one.source}.${name}`).join(', ')}`}`,
    ],
    ['derived', list(one.derived)],
    ['read by', readBy(one.services)],
  ]
}

function memoryRows(memory: Memory | null): Row[] {
  if (memory === null) return []
  const { held, estimate } = memory
  const least = held?.whole === false ? 'at least ' : ''
  return [
    [
      'held',
      held === null
        ? 'nothing yet'
        : `${least}${counted(held.entities, 'entity', 'entities')}, ${least}${bytes(held.bytes)} of rows, for its timeline`,
    ],
    [
      'expected',
      estimate === null
        ? 'not known: the archive has no events of it'
        : `about ${bytes(estimate.bytes)} for its timeline, as plan says`,
    ],
  ]
}

const list = (names: readonly string[]): string | null => (names.length === 0 ? null : names.join(', '))
const readBy = (services: readonly string[]): string => list(services) ?? 'no service'
