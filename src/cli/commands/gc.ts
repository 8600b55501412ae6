import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { formatDuration, parseDuration } from '../../timeline/duration.ts'
import { refusal } from '../answer.ts'
import { openBackend } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { clockFlag } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import type { GcLine, GcRequest } from '../gc-api.ts'
import type { GcPlan } from '../gc-plan.ts'
import { type GcOutcome, titleOf } from '../gc-run.ts'
import { meaningOf } from '../live-definitions.ts'
import { loadModel } from '../load-definitions.ts'
import { instant, Output } from '../output.ts'
import type { Backend } from '../request.ts'
import { settingsOf } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

const SINCE = '7d'

export default command({
  meta: {
    name: 'gc',
    description:
      'Lists what no live definition uses: timelines, columns of timelines, retentions that are too long, groups and old definitions;\n' +
      'with --delete, removes it. Live are the definitions of this command, and those that a process has named since --since.\n' +
      'It may be broken off and repeated at any time: what is needed again after all is incomplete until it is back-filled.',
  },
  args: {
    delete: { type: 'boolean', default: false, description: 'Removes it; without this it is only listed' },
    since: {
      type: 'string',
      description: `Definitions that nobody has named for so long are not live (default: ${SINCE})`,
      valueHint: 'duration',
    },
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    clock: FLAGS.clock,
    json: FLAGS.json,
  },
  help: {
    examples: [
      { line: 'millrace gc', what: 'what would go' },
      { line: 'millrace gc --delete', what: 'some days after the last process with older definitions has ended' },
      {
        line: 'millrace gc --since 1h --json',
        what: 'what would go if all that was not at work in the last hour is old',
      },
    ],
    exits: [
      [EXIT.failed, '--delete: something stayed that was to go; or the command failed'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const settings = await settingsOf(args)
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag)
    const since_ms = sinceFlag(args.since ?? SINCE)
    const model = await loadModel(settings.defs)
    const note = (text: string) => output.note(text)
    const backend = await openBackend({ settings, model, clock, command: 'gc', caughtUp: false, note })
    try {
      const asked: GcRequest = { since_ms, definitions: meaningOf(model), delete: args.delete }
      const { plan, kept } = await ask(backend, asked, note)
      output.result({ deleted: args.delete, ...plan, kept }, () => gcText(plan, kept, args.delete))
      return kept.length === 0 ? EXIT.ok : EXIT.failed
    } finally {
      await backend.close()
    }
  },
})

function sinceFlag(text: string): number {
  const ms = parseDuration(text)
  if (ms !== null) return ms
  throw new UsageError(`--since: '${text}' is not a duration`, "write a whole number of s, m, h or d, as '7d'")
}

async function ask(
  backend: Backend,
  asked: GcRequest,
  note: (text: string) => void,
): Promise<{ readonly plan: GcPlan; readonly kept: readonly string[] }> {
  const answer = await backend.request('/admin/v1/gc', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  })
  if (!answer.ok) throw await refusal(answer)
  for await (const line of createInterface({ input: Readable.fromWeb(answer.body as ReadableStream) })) {
    const told = JSON.parse(line) as GcLine
    if ('message' in told) note(told.message)
    else if ('plan' in told) return { plan: told.plan, kept: [] }
    else if ('outcome' in told) return { plan: told.outcome.done, kept: told.outcome.kept }
    else throw new CommandError('GC_FAILED', told.failed, { cure: 'the same command goes on' })
  }
  throw new CommandError('GC_LOST', 'its process has gone before the end', { cure: 'the same command goes on' })
}

export function gcText(plan: GcPlan, kept: GcOutcome['kept'], deleted: boolean): string {
  const parts: [string, readonly string[]][] = [
    ['Timelines', plan.timelines.map(titleOf)],
    ['Columns', plan.columns.map((columns) => `${columns.names.join(', ')} of ${titleOf(columns)}`)],
    [
      'Retentions',
      plan.retentions.map(
        (one) => `${titleOf(one)}: ${formatDuration(one.from_ms)}, and ${formatDuration(one.to_ms)} is enough`,
      ),
    ],
    ['Groups', plan.groups.map(({ name, entered_ms }) => `${name}, entered last at ${instant(entered_ms)}`)],
    ['Definitions', plan.definitions.map(({ hash, seen_ms }) => `${hash}, at work last at ${instant(seen_ms)}`)],
    ['Stays', kept],
  ]
  const lines = parts.flatMap(([title, list]) =>
    list.length === 0 ? [] : [`${title}:`, ...list.map((one) => `  ${one}`)],
  )
  if (lines.length === 0) return 'everything is in use'
  const end = deleted ? 'All of this was removed' : 'Nothing was removed: --delete does that'
  return [...lines, '', kept.length === 0 ? end : `${end}, but what stays`].join('\n')
}
