import { postJson } from '../answer.ts'
import { openBackend } from '../backend.ts'
import { command, FLAGS } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { loadModel } from '../load-definitions.ts'
import { count, Output, table } from '../output.ts'
import type { RenewRequest } from '../renew-api.ts'
import type { RenewView } from '../renew-topic.ts'
import { settingsOf } from '../settings.ts'

export default command({
  meta: {
    name: 'renew',
    description:
      'Shows how a topic stands that was deleted and made anew, or cut off; with --begin, begins anew with it. Whatever the topic before had\n' +
      'and nobody has archived is lost then, so see to that first. Its timelines are incomplete until they are back-filled; processes may\n' +
      'run meanwhile, and go on by themselves. It may be broken off and repeated.',
  },
  args: {
    topic: { type: 'positional', description: 'Name of the topic', required: true },
    begin: { type: 'boolean', default: false, description: 'Begins anew with it; without this it is only shown' },
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    json: FLAGS.json,
  },
  help: {
    examples: [
      {
        line: 'millrace renew payments.auth',
        what: 'how far the topic before was counted and archived, and what there is now',
      },
      { line: 'millrace renew payments.auth --begin', what: 'begins anew; then millrace backfill' },
    ],
    exits: [
      [EXIT.failed, 'without --begin: the topic is another, and nothing was done; or the command failed'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const settings = await settingsOf(args)
    const output = new Output(args.json)
    const model = await loadModel(settings.defs)
    const note = (text: string) => output.note(text)
    const backend = await openBackend({ settings, model, clock: null, command: 'renew', caughtUp: false, note })
    try {
      const asked: RenewRequest = { topic: args.topic, begin: args.begin }
      const view = await postJson<RenewView>(backend, '/admin/v1/renew', asked)
      output.result({ ...view, begun: args.begin && (view.replaced || !view.certain) }, () =>
        renewText(view, args.begin),
      )
      return view.replaced && !args.begin ? EXIT.failed : EXIT.ok
    } finally {
      await backend.close()
    }
  },
})

export function renewText({ topic, replaced, certain, partitions }: RenewView, begin: boolean): string {
  const rows = partitions.map(({ partition, counted, archived, now }) => [
    String(partition),
    counted === null ? '-' : count(counted),
    archived === null ? '-' : count(archived),
    now === null ? 'is not there' : `${count(now.start)} to ${count(now.end)}`,
  ])
  const shown = table(['PARTITION', 'COUNTED UP TO', 'ARCHIVED UP TO', 'IN THE LOG NOW'], rows, [
    'right',
    'right',
    'right',
    'left',
  ])
  if (!replaced && certain) return `${shown}\n\n${topic} is the topic that is known: there is nothing to do`
  if (!replaced && !begin) {
    return `${shown}\n\nThe log does not tell whether ${topic} was deleted and made anew. If it was, --begin begins anew with it`
  }
  if (begin) return `${shown}\n\nBegun anew with ${topic}: its timelines are incomplete until millrace backfill`
  return (
    `${shown}\n\n${topic} was deleted and made anew, or cut off. Events of the one before that are not archived are lost unless they are ` +
    'loaded with millrace ingest --archive. Nothing was done: --begin begins anew'
  )
}
