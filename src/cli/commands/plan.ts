import { existsSync } from 'node:fs'
import type { MemoryEstimate } from '../../features/memory-estimate.ts'
import { makePlan, type Plan } from '../../features/plan.ts'
import { formatDuration } from '../../timeline/duration.ts'
import { openInspection } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { clockFlag, rememberedClock } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import { loadModel } from '../load-definitions.ts'
import { bytes, count, counted, Output, styled } from '../output.ts'
import { emptyBasis, planBasis } from '../plan-basis.ts'
import { settingsOf } from '../settings.ts'

export default command({
  meta: {
    name: 'plan',
    description:
      'Says what the definitions would change against what was served last: features that come, change (and what of them changed) and go, services,\n' +
      'timelines that need a backfill and why, and the memory that each will take. Nothing is changed.',
  },
  args: { defs: FLAGS.defs, data: FLAGS.data, config: FLAGS.config, clock: FLAGS.clock, json: FLAGS.json },
  help: {
    examples: [
      { line: 'millrace plan', what: 'before other definitions are served' },
      { line: `millrace plan --json | jq '.timelines[].backfill'`, what: 'for a program' },
    ],
    exits: [
      [EXIT.failed, 'the data folder could not be looked at'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const settings = await settingsOf(args)
    const { data, config } = settings
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag) ?? (data === null ? config.clock : rememberedClock(data))
    const model = await loadModel(settings.defs)
    const now_ms = Date.now()
    if (data !== null && !existsSync(data)) {
      const plan = makePlan(model, emptyBasis(clock, now_ms))
      output.result(plan, () => planText(plan))
      return EXIT.ok
    }
    const backend = await openInspection({ settings, command: 'plan', note: (text) => output.note(text) })
    try {
      const plan = makePlan(model, await planBasis(backend, model, clock, now_ms))
      output.result(plan, () => planText(plan))
      return EXIT.ok
    } finally {
      await backend.close()
    }
  },
})

function planText({ features, services, timelines, unused, bytes: total }: Plan): string {
  const lines = [
    `Features: ${count(features.added.length)} new, ${count(features.changed.length)} change, ${count(features.removed.length)} gone, ${count(features.kept)} stay`,
    ...features.added.map((name) => styled('green', `  + ${name}`)),
    ...features.changed.flatMap(({ name, why }) => [
      styled('yellow', `  ~ ${name}`),
      ...why.map((part) => `      ${part}`),
    ]),
    ...features.removed.map((name) => styled('red', `  - ${name}`)),
    '',
    `Services: ${count(services.added.length)} new, ${count(services.changed.length)} change, ` +
      `${count(services.removed.length)} gone, ${count(services.kept.length)} stay`,
    ...services.added.map((name) => styled('green', `  + ${name}`)),
    ...services.changed.map(({ name, from, to }) => styled('yellow', `  ~ ${name}: version ${from} becomes ${to}`)),
    ...services.removed.map((name) => styled('red', `  - ${name}`)),
    '',
    'Timelines:',
  ]
  for (const { source, entity, groups, columns, backfill, memory, retention_ms } of timelines) {
    lines.push(
      `  ${source} by ${entity}, for ${groups.join(', ')}`,
      `    keeps ${columns.length === 0 ? 'no columns' : columns.join(', ')}, for ${formatDuration(retention_ms)}`,
      `    ${backfill.due ? styled('yellow', backfill.why) : backfill.why}`,
      `    memory: ${memory === null ? 'not known, as the archive has no events of it' : memoryText(memory)}`,
    )
  }
  for (const { source, entity } of unused) lines.push(`  ${source} by ${entity}: no feature reads it any more`)
  const unknown = timelines.filter(({ memory }) => memory === null).length
  const but = unknown === 0 ? '' : `, without ${counted(unknown, 'timeline')} of which it is not known`
  lines.push('', `Memory in all: ${total === null ? 'not known' : `about ${bytes(total)}${but}`}`)
  return lines.join('\n')
}

/** The estimate with its arithmetic. */
function memoryText(estimate: MemoryEstimate): string {
  const { events_per_second: rate, retention_ms, rows, row_bytes, entities, entity_bytes } = estimate
  const why =
    rate === null || retention_ms === null
      ? `${counted(rows, 'row')}`
      : `${rate.toPrecision(3)} events/s x ${formatDuration(retention_ms)} = ${counted(rows, 'row')}`
  return (
    `${why} x ${row_bytes} bytes + ${counted(entities, 'entity', 'entities')} x ${entity_bytes} bytes ` +
    `= about ${bytes(estimate.bytes)}`
  )
}
