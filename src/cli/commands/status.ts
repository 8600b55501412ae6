import { formatDuration } from '../../timeline/duration.ts'
import { getJson } from '../answer.ts'
import { openBackend } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { clockFlag } from '../data-folder.ts'
import type { EngineStatus, SourceStatus, TimelineStatus } from '../engine-status.ts'
import { EXIT } from '../exit-code.ts'
import { loadModel } from '../load-definitions.ts'
import { bytes, count, instant, Output, styled, table } from '../output.ts'
import { settingsOf } from '../settings.ts'

export default command({
  meta: {
    name: 'status',
    description:
      'Shows how everything stands: sources with their positions, watermarks and archives; timelines with their coverage\n' +
      'and backfills; the size of the online store.',
  },
  args: { defs: FLAGS.defs, data: FLAGS.data, config: FLAGS.config, clock: FLAGS.clock, json: FLAGS.json },
  help: {
    examples: [
      { line: 'millrace status', what: 'of the dev that holds .millrace, or of the folder as it lies there' },
      {
        line: `millrace status --json | jq '.timelines[] | select(.complete | not)'`,
        what: 'timelines that need a backfill, and why',
      },
    ],
    exits: [
      [EXIT.failed, 'the status cannot be had'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag)
    const settings = await settingsOf(args)
    const model = await loadModel(settings.defs)
    const note = (text: string) => output.note(text)
    const backend = await openBackend({ settings, model, clock, command: 'status', caughtUp: false, note })
    try {
      const status = await getJson<EngineStatus>(backend, '/admin/v1/status')
      output.result({ ...status, running: backend.url !== null }, () =>
        statusText(status, backend.url, settings.data === null),
      )
    } finally {
      await backend.close()
    }
  },
})

/** `url`: of the dev that runs; null: none does. `servers`: the stores are servers, and processes of any number work on them. */
export function statusText(status: EngineStatus, url: string | null, servers = false): string {
  const dev = url === null ? 'no dev is running' : `dev is process ${status.pid}, ${url}`
  const who = servers ? 'servers' : dev
  const { timelines, bytes: size } = status.store
  const parts = [
    `${who}; data in ${status.data}, definitions in ${status.defs}, clock ${status.clock}`,
    sourceTable(Object.entries(status.sources)),
    timelineTable(status.timelines),
    `Online store: ${timelines === null ? '-' : count(timelines)} timelines, ${size === null ? '-' : bytes(size)}`,
    ...Object.entries(status.sources).flatMap(([name, { trouble, holes }]) => [
      ...(trouble === null ? [] : [styled('red', `Trouble with ${name}: ${trouble}`)]),
      ...holes.map(({ text }) => styled('red', `The archive of ${name} has a hole: ${text}`)),
    ]),
  ]
  return parts.join('\n\n')
}

function sourceTable(sources: readonly (readonly [string, SourceStatus])[]): string {
  const head = [
    'SOURCE',
    'IN THE LOG',
    'TO STREAM',
    'TO ARCHIVE',
    'WATERMARK',
    'ARCHIVE ROWS',
    'ARCHIVE FROM',
    'TO',
    'KEPT ASIDE',
  ]
  const right = (column: number) => [1, 2, 3, 5, 8].includes(column)
  const rows = sources.map(([name, { partitions, watermark_ms, archive, quarantined }]) => {
    const total = (of: (partition: SourceStatus['partitions'][number]) => number) =>
      count(partitions.reduce((sum, partition) => sum + of(partition), 0))
    return [
      name,
      total(({ start, end }) => end - start),
      total(({ end, streamed }) => end - streamed),
      archive === null || (partitions.length > 0 && partitions.every(({ archived }) => archived === null))
        ? '-'
        : total(({ end, archived }) => end - (archived ?? end)),
      instant(watermark_ms),
      archive === null ? '-' : count(archive.rows),
      instant(archive?.time_ms_min ?? null),
      instant(archive?.time_ms_max ?? null),
      count(quarantined),
    ]
  })
  return table(
    head,
    rows,
    head.map((_, column) => (right(column) ? 'right' : 'left')),
  )
}

function timelineTable(timelines: readonly TimelineStatus[]): string {
  if (timelines.length === 0) return 'No timelines'
  const rows = timelines.map((timeline) => [
    timeline.name,
    timeline.columns.join(', ') || '(none)',
    formatDuration(timeline.retention_ms),
    timeline.complete ? styled('green', 'complete') : styled('yellow', 'incomplete'),
    sinceText(timeline.since_ms),
    backfillText(timeline.backfill),
    timeline.reason ?? '',
  ])
  return table(['TIMELINE', 'COLUMNS', 'KEPT', 'STATE', 'SINCE', 'BACKFILL', 'WHY'], rows)
}

function sinceText(since_ms: number | null): string {
  return since_ms === 0 ? 'ever' : instant(since_ms)
}

function backfillText(backfill: TimelineStatus['backfill']): string {
  if (backfill === null) return '-'
  const { parts, done, rows, running } = backfill
  const state = running ? 'running' : done === parts ? 'done' : 'broken off'
  return `${state}, ${done} of ${parts} parts, ${count(rows)} rows`
}
