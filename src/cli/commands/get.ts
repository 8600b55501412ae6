import type { ServiceModel } from '../../features/model.ts'
import { namesCure } from '../../features/nearest-name.ts'
import { postJson } from '../answer.ts'
import { openBackend } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { clockFlag } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import { loadModel } from '../load-definitions.ts'
import { instant, Output, styled, table } from '../output.ts'
import { atFlag, keysFlag, objectFlag } from '../request-flags.ts'
import { settingsOf } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

/** What a service answers. */
interface VectorAnswer {
  readonly service: string
  readonly version: string
  readonly as_of: number
  readonly features: Readonly<Record<string, unknown>>
  readonly status: Readonly<Record<string, string>>
  readonly watermarks: Readonly<Record<string, number | null>>
}

export default command({
  meta: {
    name: 'get',
    description:
      'Asks a service for its features, as a model would: with the event that is scored where the service has one, else with\n' +
      'keys. Without a running dev, what the log holds is counted first.',
  },
  args: {
    service: { type: 'positional', required: true, description: 'A feature service' },
    event: { type: 'string', description: 'The event that is scored, without its outcome', valueHint: 'json|@file' },
    keys: { type: 'string', description: 'Keys that the event does not give', valueHint: 'name=value,...|json' },
    request: { type: 'string', description: `The service's request`, valueHint: 'json|@file' },
    at: { type: 'string', description: 'The instant: ISO 8601 or epoch milliseconds', valueHint: 'instant' },
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    clock: FLAGS.clock,
    json: FLAGS.json,
  },
  help: {
    examples: [
      {
        line: `millrace get checkout_risk --event @payment.json --request '{"cart_items": 2}'`,
        what: 'the features of a payment, at its own time',
      },
      {
        line: 'millrace get card_profile --keys card_id=c1 --at 2026-05-01T12:00:00Z',
        what: 'those of a card, back then',
      },
    ],
    exits: [
      [EXIT.failed, 'the service refused the question, or failed'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const settings = await settingsOf(args)
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag)
    const model = await loadModel(settings.defs)
    const service = model.services.get(args.service)
    if (service === undefined) {
      throw new UsageError(
        `<service>: there is no service '${args.service}'`,
        namesCure(args.service, model.services.keys()),
      )
    }
    const question = {
      ...field(
        'event',
        optional(args.event, (text) => objectFlag('--event', text)),
      ),
      ...field(
        'keys',
        optional(args.keys, (text) => keysFlag(text, keyTypes(service))),
      ),
      ...field(
        'request',
        optional(args.request, (text) => objectFlag('--request', text)),
      ),
      ...field('at', optional(args.at, atFlag)),
    }
    const note = (text: string) => output.note(text)
    const backend = await openBackend({ settings, model, clock, command: 'get', caughtUp: true, note })
    try {
      const answer = await postJson<VectorAnswer>(backend, `/v1/services/${service.name}`, question)
      if (answer.version !== service.version) {
        const served = `it serves ${service.name} ${answer.version}, and these definitions are ${service.version}`
        output.note(
          `a running dev has answered by its own definitions: ${served}; it serves these when its own folder has them without errors`,
        )
      }
      // A program that reads our output gets JSON, whether it says so or not.
      if (args.json || !process.stdout.isTTY) process.stdout.write(`${JSON.stringify(answer)}\n`)
      else process.stdout.write(`${vectorText(answer)}\n`)
    } finally {
      await backend.close()
    }
  },
})

function field(name: string, value: unknown): Record<string, unknown> {
  return value === null ? {} : { [name]: value }
}

function keyTypes({ keys }: ServiceModel) {
  return new Map(keys.map(({ name, type }) => [name, type]))
}

/** An answer as a table for people. */
export function vectorText({ service, version, as_of, features, status, watermarks }: VectorAnswer): string {
  const rows = Object.entries(features).map(([name, value]) => {
    const state = status[name]
    return [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
      state === undefined ? '' : styled('yellow', state),
    ]
  })
  const streams = Object.entries(watermarks).map(([source, ms]) => `${source} up to ${instant(ms)}`)
  return [
    `${service} ${version} at ${instant(as_of)}${streams.length === 0 ? '' : `; counted: ${streams.join(', ')}`}`,
    table(['FEATURE', 'VALUE', 'STATUS'], rows, ['left', 'right', 'left']),
  ].join('\n')
}
