import { derivedReads } from '../../features/derived-reads.ts'
import type { Model, SourceModel } from '../../features/model.ts'
import { namesCure } from '../../features/nearest-name.ts'
import type { EventBehind, FeatureEvents } from '../../serving/feature-events.ts'
import type { HashedEvent } from '../../stores/event-archive.ts'
import { aggregates } from '../../timeline/aggregates/index.ts'
import { postJson } from '../answer.ts'
import { openBackend } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { clockFlag } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import { loadModel } from '../load-definitions.ts'
import { count, counted, instant, Output, table } from '../output.ts'
import type { Backend } from '../request.ts'
import { atFlag, keysFlag, wholeFlag } from '../request-flags.ts'
import { settingsOf } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export default command({
  meta: {
    name: 'events',
    description:
      'Shows the value of a feature and the events behind it: those in its window that pass its filter, newest first, with the\n' +
      'columns that are kept of them. Money is in minor units. An id is as it was sent, where the archive or the newest messages of the log have\n' +
      'the event; else its hash is shown.',
  },
  args: {
    feature: { type: 'positional', required: true, description: 'A served feature, as card_velocity__spend_24h' },
    keys: { type: 'string', required: true, description: 'The entity', valueHint: 'name=value,...|json' },
    at: {
      type: 'string',
      description: 'The instant: ISO 8601 or epoch milliseconds (default: now)',
      valueHint: 'instant',
    },
    limit: { type: 'string', description: 'Most events that are shown (default: 1000)', valueHint: 'number' },
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    clock: FLAGS.clock,
    json: FLAGS.json,
  },
  help: {
    examples: [
      {
        line: 'millrace events card_velocity__tx_count_24h --keys card_id=c1',
        what: 'what is counted now, and in which window',
      },
      {
        line: 'millrace events card_velocity__spend_7d --keys card_id=c1 --at 2026-05-01T12:00:00Z --json',
        what: 'the same at an instant, for a program',
      },
    ],
    exits: [
      [EXIT.failed, 'the question was refused, or failed'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const settings = await settingsOf(args)
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag)
    const limit = optional(args.limit, (text) => wholeFlag('--limit', text))
    const model = await loadModel(settings.defs)
    const feature = model.features.get(args.feature)
    if (feature === undefined) throw noFeature(model, args.feature)
    const { entity } = feature.timeline
    const keys = keysFlag(args.keys, new Map(entity.key.map(({ name, type }) => [name, type])))
    const at = optional(args.at, atFlag)
    const question = { keys, ...(at === null ? {} : { at }), ...(limit === null ? {} : { limit }) }
    const note = (text: string) => output.note(text)
    const backend = await openBackend({ settings, model, clock, command: 'events', caughtUp: true, note })
    try {
      const found = await postJson<FeatureEvents>(backend, `/v1/features/${feature.name}/events`, question)
      const answer = await withIds(backend, feature.timeline.source, found, note)
      output.result(answer, () => eventsText(answer, idColumn(feature.timeline.source)))
      if (aggregates.get(feature.spec.aggregate)?.readsCurrent)
        output.note('it is null as no event is being scored here: millrace get asks with one')
    } catch (error) {
      // The definitions have the feature: whoever answered has others.
      if (!(error instanceof CommandError) || error.code !== 'FEATURE_UNKNOWN' || backend.url === null) throw error
      const what = `the dev at ${backend.url} has other definitions, which have no feature '${feature.name}'`
      throw new CommandError(error.code, what, { cure: 'see what it says of these, or start it again', cause: error })
    } finally {
      await backend.close()
    }
  },
})

function noFeature(model: Model, name: string): UsageError {
  for (const service of model.services.values()) {
    if (!service.derive.some((derived) => derived.name === name)) continue
    const [read] = derivedReads(service).find((derived) => derived.name === name)!.features
    const cure =
      read === undefined ? 'it reads no feature' : `ask for the events of a feature that it reads, as ${read}`
    return new UsageError(`<feature>: '${name}' is derived by ${service.name} when it is asked, of no events`, cure)
  }
  return new UsageError(`<feature>: there is no feature '${name}'`, namesCure(name, model.features.keys()))
}

/** The same with the ids of events as they were sent; null where nobody has one any more. */
export interface NamedEvents extends FeatureEvents {
  readonly events: readonly (EventBehind & { readonly id: string | null })[]
}

const idColumn = (source: SourceModel): string => source.columns[source.id]!.name

async function withIds(
  backend: Backend,
  source: SourceModel,
  answer: FeatureEvents,
  note: (text: string) => void,
): Promise<NamedEvents> {
  const kept = answer.events.map(({ columns }) => columns[idColumn(source)] ?? null)
  const lacking = answer.events.filter((_, i) => kept[i] === null).map(({ id_hash, time_ms }) => ({ id_hash, time_ms }))
  const looked = lacking.length === 0 ? [] : await lookedUp(backend, source, lacking, note)
  const ids = looked.values()
  const events = answer.events.map((event, i) => {
    const id = kept[i] === null ? (ids.next().value ?? null) : String(kept[i])
    return { ...event, id }
  })
  const hashed = events.filter(({ id }) => id === null).length
  if (hashed > 0)
    note(`of ${counted(hashed, 'event')} the hash of the id is shown: neither archive nor log has it still`)
  return { ...answer, events }
}

async function lookedUp(
  backend: Backend,
  source: SourceModel,
  events: readonly HashedEvent[],
  note: (text: string) => void,
): Promise<readonly (string | null)[]> {
  try {
    const answer = await postJson<{ ids: (string | null)[] }>(backend, `/admin/v1/sources/${source.name}/event-ids`, {
      events,
    })
    return answer.ids
  } catch (error) {
    // What was asked for is there, but for names.
    note(`ids could not be looked up: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

/** An answer as a table for people. `idName`: a column that is left out, as its values are the ids. */
export function eventsText(
  { feature, as_of, window, value, status, total, events }: NamedEvents,
  idName: string | null = null,
): string {
  const lines = [
    `${feature} = ${JSON.stringify(value)}${status === 'ok' ? '' : ` (${status})`} at ${instant(as_of)}`,
    `window: after ${instant(window.after_ms)}, up to and with ${instant(window.until_ms)}: ${counted(total, 'event')}` +
      (events.length < total ? `, of which the newest ${count(events.length)} are shown` : ''),
  ]
  if (events.length === 0) return lines.join('\n')
  const columns = [...new Set(events.flatMap((event) => Object.keys(event.columns)))].filter((name) => name !== idName)
  const rows = events.map(({ time, id, id_hash, version, columns: values }) => [
    time,
    id ?? `${id_hash} (hash)`,
    ...columns.map((column) => cell(values[column])),
    version === 0 ? '' : String(version),
  ])
  return [...lines, table(['TIME', 'ID', ...columns.map((column) => column.toUpperCase()), 'VERSION'], rows)].join('\n')
}

function cell(value: unknown): string {
  return value === null || value === undefined ? '-' : String(value)
}
