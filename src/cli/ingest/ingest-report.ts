import { relative } from 'node:path'
import { EXIT } from '../exit-code.ts'
import { count, counted, type Output } from '../output.ts'
import { formatSeconds } from '../progress.ts'
import type { IngestReport, IngestTask } from './ingest.ts'

/** Tells what an ingest did. Answers the exit code. */
export function tellIngest(output: Output, task: IngestTask, report: IngestReport, seconds: number): number {
  const { state, doneBefore, resumedAt, interrupted, firstRefusals } = report
  const { accepted, rejected, rejectedFile, position } = state
  const { source, road, input } = task
  output.result(
    {
      source: source.name,
      road,
      file: input.name,
      format: input.format,
      accepted,
      rejected,
      rejected_file: rejectedFile,
      lines: position.line,
      resumed_at_line: resumedAt === 0 ? null : resumedAt,
      done_before: doneBefore,
      finished: state.finishedAt !== null,
      seconds: Math.round(seconds * 1_000) / 1_000,
    },
    () => {
      const place = road === 'log' ? `the log of ${source.name}` : `the archive of ${source.name}`
      if (doneBefore) {
        const when = state.finishedAt!.slice(0, 16).replace('T', ' ')
        return (
          `${input.name} was ingested into ${place} before (${when} UTC): ${counted(accepted, 'event')}, ` +
          `${count(rejected)} rejected; nothing was done. --again ingests it once more`
        )
      }
      const went = resumedAt === 0 ? '' : ` (gone on with behind line ${count(resumedAt)})`
      return `${input.name}: ${counted(accepted, 'event')} in ${place}${went}, ${formatSeconds(seconds)}`
    },
  )
  if (doneBefore) return EXIT.ok
  if (rejected > 0) {
    output.note(`${counted(rejected, 'line was', 'lines were')} rejected: see ${shown(rejectedFile!)}`)
    for (const { line, reason } of firstRefusals) output.note(`  line ${count(line)}: ${reason}`)
  }
  if (rejected > 0 && accepted === 0 && input.format === 'ndjson') {
    output.note('where its fields have other names than the columns, say which with --map <column>=<name in the file>')
  }
  if (interrupted) {
    const how =
      input.fingerprint === null
        ? 'what was read is in; standard input cannot be gone on with'
        : `the same command goes on behind line ${count(position.line)}`
    output.note(`stopped: ${how}`)
    return EXIT.interrupted
  }
  if (road === 'archive' && accepted > 0) {
    output.note(
      'its timelines are incomplete until they are back-filled: a running dev begins by itself, else millrace backfill',
    )
  }
  return rejected > 0 ? EXIT.failed : EXIT.ok
}

/** A path as it is written from here. */
function shown(path: string): string {
  const here = relative('.', path)
  return here.startsWith('..') ? path : here
}
