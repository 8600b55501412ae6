import { relative } from 'node:path'
import type { Model, SourceModel } from '../../features/model.ts'
import { namesCure } from '../../serving/nearest-name.ts'
import { openBackend } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { clockFlag } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import { DELIMITERS, type DelimiterName } from '../ingest/csv-encoder.ts'
import { type IngestReport, type IngestTask, ingest } from '../ingest/ingest.ts'
import { type InputFormat, openInput } from '../ingest/input.ts'
import { onInterrupt } from '../interrupt.ts'
import { loadModel } from '../load-definitions.ts'
import { count, counted, Output } from '../output.ts'
import { formatSeconds, Progress } from '../progress.ts'
import { DATA_FOLDER, settingsOf } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export default command({
  meta: {
    name: 'ingest',
    description:
      'Puts the events of a file into the log of a source, or with --archive straight into its archive table. Lines that are no\n' +
      'valid events go into <file>.rejected.ndjson, with their number and the reason. A run that was broken off, even by\n' +
      'kill -9, is gone on with by the same command; a file that was ingested to its end is not ingested twice.',
  },
  args: {
    source: { type: 'positional', required: true, description: 'The source that the events are of' },
    file: {
      type: 'positional',
      required: true,
      description: 'An .ndjson or .csv file, maybe .gz, or - for standard input',
    },
    archive: { type: 'boolean', default: false, description: 'Straight into the archive: for past events, in bulk' },
    format: { type: 'string', description: 'What is in it, where its name does not say', valueHint: 'ndjson|csv' },
    delimiter: {
      type: 'string',
      default: 'comma',
      description: 'What stands between the cells of CSV',
      valueHint: Object.keys(DELIMITERS).join('|'),
    },
    rejected: { type: 'string', description: 'Where rejected lines go', valueHint: 'path' },
    again: { type: 'boolean', default: false, description: 'Also where the file was ingested to its end before' },
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    clock: FLAGS.clock,
    json: FLAGS.json,
  },
  help: {
    examples: [
      {
        line: 'millrace ingest payments today.ndjson',
        what: 'new events, into the log: they are counted within a moment',
      },
      {
        line: 'for file in 2025-*.csv.gz; do millrace ingest payments "$file" --archive; done',
        what: 'past events, a file at a time',
      },
      { line: 'zcat old.csv.gz | millrace ingest payments - --format csv --archive', what: 'past events, from a pipe' },
    ],
    exits: [
      [EXIT.failed, 'some lines were rejected, or it failed: the same command goes on'],
      [EXIT.definitions, 'the definitions have errors'],
      [EXIT.interrupted, 'Ctrl-C: the same command goes on'],
    ],
  },
  async run({ args }) {
    const settings = await settingsOf(args)
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag)
    const delimiter = delimiterFlag(args.delimiter)
    const format = optional(args.format, formatFlag)
    const model = await loadModel(settings.defs)
    const source = sourceOf(model, args.source, args.archive)
    const input = openInput(args.file, format)
    const task: IngestTask = {
      source,
      road: args.archive ? 'archive' : 'log',
      input,
      delimiter,
      // What was ingested already is noted beside the data, or where it would be.
      data: settings.data ?? DATA_FOLDER,
      rejectedFile: args.rejected ?? null,
      again: args.again,
      limits: null,
    }
    const note = (text: string) => output.note(text)
    const backend = await openBackend({ settings, model, clock, command: 'ingest', caughtUp: false, note })
    const interrupt = onInterrupt()
    const progress = new Progress()
    const begun_ms = performance.now()
    try {
      const report = await ingest(task, backend, {
        signal: interrupt.signal,
        onNote: (text) => progress.note(text),
        onProgress: ({ accepted, rejected, position }) =>
          progress.update({
            fraction: input.fraction(position),
            done: accepted + rejected,
            text: `${counted(accepted, 'event')}${rejected === 0 ? '' : `, ${count(rejected)} rejected`}`,
          }),
      })
      progress.clear()
      return tell(output, task, report, (performance.now() - begun_ms) / 1_000)
    } finally {
      progress.clear()
      interrupt.release()
      await backend.close()
    }
  },
})

function sourceOf(model: Model, name: string, archive: boolean): SourceModel {
  const source = model.sources.get(name)
  if (source === undefined) {
    throw new UsageError(`<source>: there is no source '${name}'`, namesCure(name, model.sources.keys()))
  }
  if (archive && source.archive === null) {
    throw new UsageError(
      `--archive: the source ${name} has no archive`,
      `give it one, as archive: { table: '${name}' }`,
    )
  }
  if (!archive && !source.streamed) {
    throw new UsageError(
      `<source>: ${name} takes no new events, as it has no stream`,
      'load its archive, with --archive',
    )
  }
  return source
}

function formatFlag(text: string): InputFormat {
  if (text === 'ndjson' || text === 'csv') return text
  throw new UsageError(`--format: '${text}' is not a format`, 'give ndjson or csv')
}

function delimiterFlag(text: string): string {
  if (Object.hasOwn(DELIMITERS, text)) return DELIMITERS[text as DelimiterName]
  throw new UsageError(`--delimiter: '${text}' is not a delimiter`, `give ${Object.keys(DELIMITERS).join(', ')}`)
}

/** Tells what was done. Answers the exit code. */
function tell(output: Output, task: IngestTask, report: IngestReport, seconds: number): number {
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
