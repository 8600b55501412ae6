import type { Model, SourceModel } from '../../features/model.ts'
import { namesCure } from '../../features/nearest-name.ts'
import { everyValue } from '../argument-check.ts'
import { openBackend } from '../backend.ts'
import { command, FLAGS, optional } from '../command.ts'
import { clockFlag } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import { DELIMITERS, type DelimiterName } from '../ingest/csv-encoder.ts'
import { dryRun } from '../ingest/dry-run.ts'
import { tellDryRun } from '../ingest/dry-run-report.ts'
import { earlierRun, type IngestTask, ingest } from '../ingest/ingest.ts'
import { tellIngest } from '../ingest/ingest-report.ts'
import { type InputFormat, openInput } from '../ingest/input.ts'
import type { Reading } from '../ingest/input-chunks.ts'
import { readMapping } from '../ingest/mapping-flags.ts'
import { onInterrupt } from '../interrupt.ts'
import { loadModel } from '../load-definitions.ts'
import { count, counted, Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { wholeFlag } from '../request-flags.ts'
import { DATA_FOLDER, settingsOf } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export default command({
  meta: {
    name: 'ingest',
    description:
      'Puts the events of a file into the log of a source, or with --archive straight into its archive table. Rows that are no\n' +
      'valid events go into <file>.rejected.ndjson, with their number and the reason. A run that was broken off, even by\n' +
      'kill -9, is gone on with by the same command; a file that was ingested to its end is not ingested twice.\n' +
      'Where a source decodes its messages (stream.decode), lines for the log are such messages; the archive takes rows as ever.',
  },
  args: {
    source: { type: 'positional', required: true, description: 'The source that the events are of' },
    file: {
      type: 'positional',
      required: true,
      description: 'An .ndjson or .csv file, maybe .gz, a .parquet file, or - for standard input',
    },
    archive: { type: 'boolean', default: false, description: 'Straight into the archive: for past events, in bulk' },
    format: {
      type: 'string',
      description: 'What is in it, where its name does not say',
      valueHint: 'ndjson|csv|parquet',
    },
    delimiter: {
      type: 'string',
      default: 'comma',
      description: 'What stands between the cells of CSV',
      valueHint: Object.keys(DELIMITERS).join('|'),
    },
    map: {
      type: 'string',
      description: 'Columns whose name in the file is another; may be given again',
      valueHint: 'column=name,...',
    },
    'map-file': {
      type: 'string',
      description: 'The same as a JSON file, {"column": "name in the file"}',
      valueHint: 'path',
    },
    set: {
      type: 'string',
      description: 'Columns that are the same in every row; may be given again',
      valueHint: 'column=value,...',
    },
    'assume-utc': { type: 'boolean', default: false, description: 'Local timestamps and days of Parquet are in UTC' },
    'dry-run': {
      type: 'boolean',
      default: false,
      description: 'Reads it all, writes nothing, and says what would be rejected',
    },
    limit: { type: 'string', description: 'With --dry-run: reads so many rows', valueHint: 'rows' },
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
      {
        line: 'millrace ingest payments history.parquet --map card_id=cardNo,amount=TX_AMT --dry-run',
        what: 'what would be rejected of a file with other names; the same without --dry-run loads it',
      },
      { line: 'zcat old.csv.gz | millrace ingest payments - --format csv --archive', what: 'past events, from a pipe' },
    ],
    exits: [
      [EXIT.failed, 'some rows were (or would be) rejected, or it failed: the same command goes on'],
      [EXIT.definitions, 'the definitions have errors'],
      [EXIT.interrupted, 'Ctrl-C: the same command goes on'],
    ],
    repeatable: ['map', 'set'],
  },
  async run({ args, rawArgs }) {
    const settings = await settingsOf(args)
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag)
    const delimiter = delimiterFlag(args.delimiter)
    const format = optional(args.format, formatFlag)
    const model = await loadModel(settings.defs)
    const source = sourceOf(model, args.source, args.archive)
    const dry = args['dry-run']
    const limit = optional(args.limit, (text) => limitFlag(text, dry))
    const mapping = readMapping(source, {
      map: everyValue('map', rawArgs),
      mapFile: args['map-file'] ?? null,
      set: everyValue('set', rawArgs),
    })
    const input = openInput(args.file, format)
    if (source.decoded && !args.archive && input.format !== 'ndjson') {
      throw new UsageError(
        `'${args.file}' has rows, but the log of ${source.name} has messages that it decodes`,
        'give a file of such messages, one a line, or load the rows with --archive',
      )
    }
    if (source.decoded && !args.archive && (mapping.names.size > 0 || Object.keys(mapping.constants).length > 0)) {
      throw new UsageError(
        `--map, --set: the log of ${source.name} has messages that it decodes, which have no columns`,
        'leave it out, or load rows with --archive',
      )
    }
    const reading: Reading = { source, input, delimiter, mapping, assumeUtc: args['assume-utc'] }
    const task: IngestTask = {
      ...reading,
      road: args.archive ? 'archive' : 'log',
      // What was ingested already is noted beside the data, or where it would be.
      data: settings.data ?? DATA_FOLDER,
      rejectedFile: args.rejected ?? null,
      again: args.again,
      limits: null,
    }
    if (dry) return tryOut(output, task, limit)
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
          show(progress, accepted, rejected, 'rejected', input.fraction(position)),
      })
      progress.clear()
      return tellIngest(output, task, report, (performance.now() - begun_ms) / 1_000)
    } finally {
      progress.clear()
      interrupt.release()
      await backend.close()
    }
  },
})

/** Answers the exit code. */
async function tryOut(output: Output, task: IngestTask, limit: number | null): Promise<number> {
  const interrupt = onInterrupt()
  const progress = new Progress()
  try {
    const report = await dryRun(task, limit, {
      signal: interrupt.signal,
      onNote: (text) => progress.note(text),
      onProgress: (good, bad, position) =>
        show(progress, good, bad, 'would be rejected', task.input.fraction(position)),
    })
    progress.clear()
    return tellDryRun(output, task, report, earlierRun(task))
  } finally {
    progress.clear()
    interrupt.release()
  }
}

function show(progress: Progress, good: number, bad: number, what: string, fraction: number | null): void {
  const text = `${counted(good, 'event')}${bad === 0 ? '' : `, ${count(bad)} ${what}`}`
  progress.update({ fraction, done: good + bad, text })
}

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
  if (text === 'ndjson' || text === 'csv' || text === 'parquet') return text
  throw new UsageError(`--format: '${text}' is not a format`, 'give ndjson, csv or parquet')
}

function delimiterFlag(text: string): string {
  if (Object.hasOwn(DELIMITERS, text)) return DELIMITERS[text as DelimiterName]
  throw new UsageError(`--delimiter: '${text}' is not a delimiter`, `give ${Object.keys(DELIMITERS).join(', ')}`)
}

function limitFlag(text: string, dry: boolean): number {
  if (!dry) throw new UsageError('--limit: only a dry run reads a part of the file', 'add --dry-run, or leave it out')
  const rows = wholeFlag('--limit', text)
  if (rows > 0) return rows
  throw new UsageError('--limit: 0 rows say nothing', 'write --limit 1000')
}
