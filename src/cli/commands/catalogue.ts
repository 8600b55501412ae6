import { existsSync } from 'node:fs'
import type { Model } from '../../features/model.ts'
import { makePlan } from '../../features/plan.ts'
import { catalogue } from '../../serving/http/catalogue.ts'
import { getJson } from '../answer.ts'
import { openInspection } from '../backend.ts'
import { type Entries, type Entry, find, select } from '../catalogue-selection.ts'
import { entryText, listText, type Memory } from '../catalogue-text.ts'
import { command, FLAGS } from '../command.ts'
import { rememberedClock } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import { loadModel } from '../load-definitions.ts'
import { Output } from '../output.ts'
import { planBasis } from '../plan-basis.ts'
import type { Backend } from '../request.ts'
import { type Settings, settingsOf } from '../settings.ts'
import type { TimelineSize } from '../timeline-size.ts'

export default command({
  meta: {
    name: 'catalogue',
    description:
      'Shows what is defined and how it stands: services, groups, features, derived values, sources and entities, with owners, tags and\n' +
      'descriptions. What a derived value reads and gives is what its function did with made-up values.\n' +
      'One name shows all of it: what it means, whether it can be trusted, what it takes, what it reads and what reads it.',
  },
  args: {
    name: {
      type: 'positional',
      required: false,
      description: 'A definition, a feature, a derived value, or a column as payments.amount; all of them without it',
    },
    tag: { type: 'string', description: 'Only what has this tag', valueHint: 'tag' },
    owner: { type: 'string', description: 'Only what is of this owner', valueHint: 'owner' },
    source: { type: 'string', description: 'Only what reads this source', valueHint: 'source' },
    search: {
      type: 'string',
      description: 'Only what has all of these words, in names, texts or columns',
      valueHint: 'words',
    },
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    json: FLAGS.json,
  },
  help: {
    examples: [
      { line: 'millrace catalogue', what: 'everything, in tables' },
      { line: 'millrace catalogue card_velocity__spend_7d', what: 'all of one feature' },
      {
        line: 'millrace catalogue checkout_risk.amount_vs_usual',
        what: 'what a derived value of a service is made of',
      },
      { line: 'millrace catalogue payments.amount', what: 'what reads a column' },
      { line: `millrace catalogue --owner risk --search 'declined 7d'`, what: 'what somebody owns, with these words' },
    ],
    exits: [
      [EXIT.failed, 'the data could not be looked at'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const output = new Output(args.json)
    const settings = await settingsOf(args)
    const model = await loadModel(settings.defs)
    const name = args.name ?? null
    const selection = {
      tag: args.tag ?? null,
      owner: args.owner ?? null,
      source: args.source ?? null,
      search: args.search ?? null,
    }
    const defined = unserved(model)
    // What is asked wrongly is told before anything is opened.
    const asked = (all: Entries) => (name === null ? [] : find(select(all, selection), name))
    asked(defined)
    const backend = await backendOf(settings, model, (text) => output.note(text))
    try {
      const all = backend === null ? defined : await stateOf(backend, defined)
      if (name === null) {
        const shown = select(all, selection)
        output.result(shown, () => listText(shown))
        return EXIT.ok
      }
      const found = asked(all)
      const memories = await memoriesOf(found, all, backend, model, settings)
      const shown = found.map((one) => ({ ...one, memory: memories.get(timelineOf(one, all) ?? '') ?? null }))
      output.result(shown, () => shown.map((one) => entryText(one, one.memory)).join('\n\n'))
      return EXIT.ok
    } finally {
      await backend?.close()
    }
  },
})

/** Null where there is no data folder yet. */
async function backendOf(settings: Settings, model: Model, note: (text: string) => void): Promise<Backend | null> {
  if (settings.data !== null && !existsSync(settings.data)) return null
  return openInspection({ settings, model, command: 'catalogue', note })
}

/** The catalogue of definitions that nothing serves. */
function unserved(model: Model): Entries {
  const nothing = { status: 'unserved', complete_since_ms: null, why: 'nothing serves it yet' } as const
  const { features, ...rest } = catalogue(model)
  return { ...rest, features: features.map((feature) => ({ ...feature, ...nothing })) }
}

/** The catalogue of the definitions in the folder, with the state of what is served, be that by the same definitions or others. */
async function stateOf(backend: Backend, defined: Entries): Promise<Entries> {
  const served = await getJson<Entries>(backend, '/v1/catalogue')
  const states = new Map(
    served.features.map(({ name, status, complete_since_ms, why }) => [name, { status, complete_since_ms, why }]),
  )
  return { ...defined, features: defined.features.map((feature) => ({ ...feature, ...states.get(feature.name) })) }
}

function timelineOf({ kind, entry }: Entry, { groups }: Entries): string | null {
  if (kind === 'feature') return groups.find(({ name }) => name === entry.group)?.timeline ?? null
  return kind === 'group' ? entry.timeline : null
}

/** What is held, and expected, of the timelines of some entries. */
async function memoriesOf(
  found: readonly Entry[],
  all: Entries,
  backend: Backend | null,
  model: Model,
  { data, config }: Settings,
): Promise<Map<string, Memory>> {
  const asked = new Set(found.map((one) => timelineOf(one, all)).filter((timeline) => timeline !== null))
  const memories = new Map<string, Memory>()
  if (backend === null || asked.size === 0) return memories
  const timelines = new Map([...model.timelines].filter(([fingerprint]) => asked.has(fingerprint)))
  const clock = data === null ? config.clock : rememberedClock(data)
  const plan = makePlan(model, await planBasis(backend, { ...model, timelines }, clock, Date.now()))
  for (const fingerprint of asked) {
    const held = await getJson<TimelineSize>(backend, `/admin/v1/timelines/${fingerprint}/size`)
    const estimate = plan.timelines.find((one) => one.fingerprint === fingerprint)?.memory ?? null
    memories.set(fingerprint, { held: held.entities === 0 ? null : held, estimate })
  }
  return memories
}
