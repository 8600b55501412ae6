import { existsSync } from 'node:fs'
import type { ClockMode } from '../../features/clock.ts'
import type { MemoryEstimate, TimelineStats } from '../../features/memory-estimate.ts'
import type { Model, TimelineModel } from '../../features/model.ts'
import { type HeldTimeline, makePlan, type Plan, type PlanBasis } from '../../features/plan.ts'
import { archiveColumns } from '../../stores/archive-columns.ts'
import { formatDuration } from '../../timeline/duration.ts'
import { getJson, postJson } from '../answer.ts'
import { openInspection } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { clockFlag, rememberedClock } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import type { LiveDefinitions } from '../live-definitions.ts'
import { loadModel } from '../load-definitions.ts'
import { bytes, count, counted, Output, styled } from '../output.ts'
import type { Backend } from '../request.ts'
import { type Settings, settingsOf } from '../settings.ts'

export default command({
  meta: {
    name: 'plan',
    description:
      'Says what the definitions would change against what was served last: features and services that come, change and go,\n' +
      'timelines that need a backfill and why, and the memory that each will take. Nothing is changed.',
  },
  args: { defs: FLAGS.defs, data: FLAGS.data, config: FLAGS.config, clock: FLAGS.clock, json: FLAGS.json },
  help: {
    examples: [
      { line: 'millrace plan', what: 'before dev is started again with other definitions' },
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
    const basis = await planBasis(model, settings, clock, (text) => output.note(text))
    const plan = makePlan(model, basis)
    output.result(plan, () => planText(plan))
    return EXIT.ok
  },
})

async function planBasis(
  model: Model,
  settings: Settings,
  clock: ClockMode,
  note: (text: string) => void,
): Promise<PlanBasis> {
  const now_ms = Date.now()
  if (settings.data !== null && !existsSync(settings.data)) {
    return { live: { features: {}, services: {} }, timelines: [], stats: new Map(), clock, now_ms }
  }
  const backend = await openInspection({ settings, command: 'plan', note })
  try {
    const live = await getJson<LiveDefinitions>(backend, '/admin/v1/live')
    const { records } = await getJson<{ records: HeldTimeline[] }>(backend, '/admin/v1/timelines')
    const stats = new Map<string, TimelineStats | null>()
    for (const timeline of model.timelines.values()) {
      const from_ms = clock === 'history' ? null : now_ms - timeline.retention_ms
      stats.set(timeline.fingerprint, await timelineStats(backend, timeline, from_ms))
    }
    return { live, timelines: records, stats, clock, now_ms }
  } finally {
    await backend.close()
  }
}

/** Null where there is no archive, no table yet, or nothing in it from then on. */
async function timelineStats(
  backend: Backend,
  { source, key }: TimelineModel,
  from_ms: number | null,
): Promise<TimelineStats | null> {
  if (source.archive === null) return null
  const columns = archiveColumns(source)
  const asked = {
    table: source.archive.table,
    time: columns[source.time]!,
    key: key.map((column) => columns[column]!),
    from_ms,
  }
  const stats = await postJson<TimelineStats | null>(backend, '/admin/v1/archive-stats', asked)
  return stats === null || stats.rows === 0 ? null : stats
}

function planText({ features, services, timelines, unused, bytes: total }: Plan): string {
  const lines = [
    `Features: ${count(features.added.length)} new, ${count(features.changed.length)} change, ${count(features.removed.length)} gone, ${count(features.kept)} stay`,
    ...features.added.map((name) => styled('green', `  + ${name}`)),
    ...features.changed.map((name) => styled('yellow', `  ~ ${name}`)),
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
