import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Model } from '../../features/model.ts'
import { namesCure } from '../../features/nearest-name.ts'
import { eventBytes } from '../../stores/quarantine.ts'
import { postJson, refusal } from '../answer.ts'
import { openBackend } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { clockFlag } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import { loadModel } from '../load-definitions.ts'
import { count, counted, instant, Output, table } from '../output.ts'
import type { QuarantineLine } from '../quarantine-api.ts'
import type { QuarantinedEvent, ReplayOutcome } from '../quarantine-replay.ts'
import type { Backend } from '../request.ts'
import { wholeFlag } from '../request-flags.ts'
import { settingsOf } from '../settings.ts'
import { streamedSources } from '../stream-group.ts'
import { UsageError } from '../usage-error.ts'

const LIMIT = 100

/** Characters of an event in a table. */
const SHOWN_CHARACTERS = 80

const ACTIONS = ['list', 'replay']

export default command({
  meta: {
    name: 'quarantine',
    description:
      'Events in the log that are no valid ones are kept aside, in the topic <topic>.quarantine, and count in no feature.\n' +
      'list shows those that nobody has replayed. replay parses them by the present definitions: those that are valid now go to\n' +
      'their topic again, the others stay, with the new reason. It may be broken off and repeated: nothing is lost, or counts twice.',
  },
  args: {
    action: { type: 'positional', required: true, description: 'list or replay' },
    source: { type: 'positional', required: false, description: 'A source (default: all)' },
    all: { type: 'boolean', default: false, description: 'list: shows what was replayed, too' },
    limit: { type: 'string', description: `list: most events that are shown (default: ${LIMIT})`, valueHint: 'number' },
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    clock: FLAGS.clock,
    json: FLAGS.json,
  },
  help: {
    examples: [
      {
        line: 'millrace quarantine list payments',
        what: 'what came by the topic of payments and could not be counted, and why',
      },
      { line: `millrace quarantine list --json | jq -r '.events[].event'`, what: 'the events themselves, whole' },
      { line: 'millrace quarantine replay', what: 'after the definitions were corrected' },
    ],
    exits: [
      [EXIT.failed, 'replay: some events are still refused; or the command failed'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const { action } = args
    if (!ACTIONS.includes(action)) {
      throw new UsageError(`<action>: '${action}' is not known`, namesCure(action, ACTIONS))
    }
    const settings = await settingsOf(args)
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag)
    const limit = optional(args.limit, (text) => wholeFlag('--limit', text)) ?? LIMIT
    if (action === 'replay' && (args.all || args.limit !== undefined)) {
      throw new UsageError(
        '--all and --limit belong to list',
        'leave them out: replay takes all that nobody has replayed',
      )
    }
    const model = await loadModel(settings.defs)
    const source = sourceOf(model, args.source)
    const note = (text: string) => output.note(text)
    const backend = await openBackend({
      settings,
      model,
      clock,
      command: 'quarantine',
      caughtUp: action === 'list',
      note,
    })
    try {
      if (action === 'list') {
        const { events, total } = await listed(backend, source, args.all, limit)
        output.result({ events, total }, () => listText(events, total))
        return EXIT.ok
      }
      const { outcomes } = await postJson<{ outcomes: ReplayOutcome[] }>(backend, '/admin/v1/quarantine/replay', {
        source,
      })
      output.result({ outcomes }, () => outcomes.map(replayText).join('\n'))
      return outcomes.every(({ refused }) => refused === 0) ? EXIT.ok : EXIT.failed
    } finally {
      await backend.close()
    }
  },
})

/** Null: all. */
function sourceOf(model: Model, name: string | undefined): string | null {
  if (name === undefined) return null
  const names = streamedSources(model).map((source) => source.name)
  if (names.includes(name)) return name
  throw new UsageError(`<source>: there is no source '${name}' that has a stream`, namesCure(name, names))
}

async function listed(
  backend: Backend,
  source: string | null,
  all: boolean,
  limit: number,
): Promise<{ events: QuarantinedEvent[]; total: number }> {
  const query = new URLSearchParams({ limit: String(limit), all: String(all), ...(source !== null && { source }) })
  const answer = await backend.request(`/admin/v1/quarantine?${query}`)
  if (!answer.ok) throw await refusal(answer)
  const events: QuarantinedEvent[] = []
  for await (const line of createInterface({ input: Readable.fromWeb(answer.body as ReadableStream) })) {
    const told = JSON.parse(line) as QuarantineLine
    if ('end' in told) return { events, total: told.end.total }
    events.push(told.event)
  }
  throw new CommandError('QUARANTINE_LOST', 'the list has no end: its process failed, or has gone', {
    cure: 'look into its log, then repeat the command',
  })
}

export function listText(events: readonly QuarantinedEvent[], total: number): string {
  if (total === 0) return 'no event is in the quarantine'
  const rows = events.map((event) => [
    `${event.topic}/${event.partition}/${event.offset}${event.replayed ? ' (replayed)' : ''}`,
    instant(event.quarantined_ms),
    onOneLine(event.reason),
    beginning(event),
  ])
  const text = table(['PLACE', 'TIME', 'REASON', 'EVENT'], rows)
  if (events.length === total) return text
  return `${text}\n${counted(total, 'event')}, of which the first ${count(events.length)} are shown: --limit shows more`
}

/** On one line, whatever it holds. */
function beginning(event: QuarantinedEvent): string {
  const bytes = eventBytes(event)
  if (bytes === null) return '(the log has it no longer)'
  const text = event.event ?? `base64 ${event.event_base64}`
  const shown = onOneLine(text.slice(0, SHOWN_CHARACTERS))
  return text.length > SHOWN_CHARACTERS ? `${shown}...` : shown
}

function onOneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
}

function replayText({ source, accepted, refused, refusals }: ReplayOutcome): string {
  const stay = refused === 0 ? '' : `; ${counted(refused, 'event is', 'events are')} still refused:`
  const reasons = refusals.map(({ partition, offset, reason }) => `  ${partition}/${offset}: ${reason}`)
  const more =
    refused > refusals.length ? [`  and ${count(refused - refusals.length)} more: millrace quarantine list`] : []
  return [`${source}: ${counted(accepted, 'event')} in the log again${stay}`, ...reasons, ...more].join('\n')
}
