import { EXIT } from '../exit-code.ts'
import { count, counted, instant, type Output } from '../output.ts'
import type { DryRunReport } from './dry-run.ts'
import type { IngestTask } from './ingest.ts'
import type { IngestState } from './ingest-state.ts'

/** Reasons that people are shown; programs get all. */
const SHOWN_MAX = 20

/** Tells what an ingest would do. `before`: what an earlier one of the same file did. Answers the exit code. */
export function tellDryRun(
  output: Output,
  { source, road, input }: IngestTask,
  report: DryRunReport,
  before: IngestState | null,
): number {
  const { good, bad, reasons, unused, alwaysNull, times_ms, whole, interrupted } = report
  output.result(
    {
      source: source.name,
      road,
      file: input.name,
      format: input.format,
      dry_run: true,
      whole,
      would_accept: good,
      would_reject: bad,
      reasons,
      unused_columns: unused,
      null_columns: alwaysNull,
      first_time: times_ms === null ? null : instant(times_ms[0]),
      last_time: times_ms === null ? null : instant(times_ms[1]),
      ingested_before: before?.finishedAt ?? null,
    },
    () => {
      const lines = [
        `${input.name}${whole ? '' : ', the first rows'}: ${counted(good, 'event')} would go into the ${road} of ` +
          `${source.name}, ${count(bad)} would be rejected; nothing was written`,
      ]
      for (const { count: times, lines: at, example, same } of reasons.slice(0, SHOWN_MAX)) {
        const places = `line${at.length === 1 ? '' : 's'} ${at.map(count).join(', ')}${times > at.length ? ', ...' : ''}`
        lines.push(`  ${counted(times, 'row')} (${places})${same ? '' : ', the first'}: ${example}`)
      }
      if (reasons.length > SHOWN_MAX) lines.push(`  and ${reasons.length - SHOWN_MAX} more reasons: --json has all`)
      if (times_ms !== null) lines.push(`  times: ${instant(times_ms[0])} to ${instant(times_ms[1])}`)
      if (unused.length > 0) lines.push(`  not used of the file: ${unused.join(', ')}`)
      if (alwaysNull.length > 0) lines.push(`  always null: ${alwaysNull.join(', ')}`)
      if (before !== null && before.finishedAt !== null) {
        lines.push(
          `  it was ingested before (${before.finishedAt.slice(0, 16).replace('T', ' ')} UTC): only --again would`,
        )
      }
      return lines.join('\n')
    },
  )
  if (interrupted) return EXIT.interrupted
  return bad > 0 ? EXIT.failed : EXIT.ok
}
