import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { namesCure } from '../../features/nearest-name.ts'
import { refusal } from '../answer.ts'
import { openBackend } from '../backend.ts'
import { runBackfillProcess } from '../backfill-process.ts'
import type { BackfillEvent, BackfillTarget } from '../backfill-runner.ts'
import { command, FLAGS, optional } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { clockFlag } from '../data-folder.ts'
import { EXIT } from '../exit-code.ts'
import { onInterrupt } from '../interrupt.ts'
import { loadModel } from '../load-definitions.ts'
import { count, counted, instant, isTerminal, Output } from '../output.ts'
import { Progress } from '../progress.ts'
import type { Backend } from '../request.ts'
import { PROCESS_FLAGS, type ProcessArgs } from '../server-process.ts'
import { settingsOf } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

type Line = BackfillEvent | { readonly type: 'end'; readonly ok: boolean }

export default command({
  meta: {
    name: 'backfill',
    description:
      'Fills timelines from the archive: those of the feature groups that are named, else whatever is not complete. A backfill\n' +
      'that was broken off is gone on with behind its finished parts. A running dev does the work, and goes on without us.\n' +
      'With servers, any number of these processes share the work, and what they do is told as JSON lines.',
  },
  args: {
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    clock: FLAGS.clock,
    json: FLAGS.json,
    watch: { type: 'boolean', default: false, description: 'With servers: stays, and fills whatever becomes due' },
    port: PROCESS_FLAGS.port,
  },
  help: {
    rest: 'group',
    examples: [
      { line: 'millrace backfill', what: 'whatever is not complete' },
      { line: 'millrace backfill --watch', what: 'with servers: whatever is not complete, from now on' },
      { line: 'millrace backfill card_velocity', what: 'the timeline that this group reads, complete or not' },
    ],
    exits: [
      [EXIT.failed, 'a timeline could not be filled, or some of its rows were refused'],
      [EXIT.definitions, 'the definitions have errors'],
      [EXIT.interrupted, 'Ctrl-C: the same command goes on'],
    ],
  },
  async run({ args }) {
    const settings = await settingsOf(args)
    const groups: readonly string[] = args._
    const output = new Output(args.json)
    const clock = optional(args.clock, clockFlag)
    const model = await loadModel(settings.defs)
    for (const group of groups) {
      if (model.groups.has(group)) continue
      throw new UsageError(`<group>: there is no feature group '${group}'`, namesCure(group, model.groups.keys()))
    }
    if (settings.data === null) return inProcess(args, groups)
    if (args.watch) throw new UsageError('--watch needs servers', 'millrace dev fills whatever becomes due by itself')
    const note = (text: string) => output.note(text)
    const backend = await openBackend({ settings, model, clock, command: 'backfill', caughtUp: true, note })
    const interrupt = onInterrupt()
    const report = new BackfillReport()
    try {
      for await (const line of backfillLines(backend, groups, interrupt.signal)) report.take(line)
    } finally {
      report.progress.clear()
      interrupt.release()
      await backend.close()
    }
    output.result(report.result(), () => report.text())
    if (interrupt.signal.aborted) {
      output.note(
        backend.url === null ? 'stopped: the same command goes on' : 'stopped looking: the running dev goes on',
      )
      return EXIT.interrupted
    }
    return report.ok ? EXIT.ok : EXIT.failed
  },
})

/** With servers it is a process like the others; on a terminal its progress is shown, too. */
async function inProcess(args: ProcessArgs & { readonly watch: boolean }, groups: readonly string[]): Promise<number> {
  const report = new BackfillReport()
  const { config, defs, port, watch } = args
  try {
    const onEvent = (event: BackfillEvent) => report.take(event)
    return await runBackfillProcess({ config, defs, port, groups, watch, ...(isTerminal() && { onEvent }) })
  } finally {
    report.progress.clear()
  }
}

/** What the API tells of a backfill, until its end or the signal. */
async function* backfillLines(backend: Backend, groups: readonly string[], signal: AbortSignal): AsyncGenerator<Line> {
  const answer = await backend.request('/admin/v1/backfill', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ groups }),
  })
  if (!answer.ok) throw await refusal(answer)
  const body = Readable.fromWeb(answer.body as ReadableStream)
  const stop = (): void => void body.destroy()
  signal.addEventListener('abort', stop)
  let ended = false
  try {
    for await (const line of createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY })) {
      const told = JSON.parse(line) as Line
      ended ||= told.type === 'end'
      yield told
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
  if (ended || signal.aborted) return
  throw new CommandError('BACKFILL_LOST', 'the backfill told no end: its process has gone', {
    cure: 'the same command goes on behind the finished parts',
  })
}

type Done = Extract<BackfillEvent, { type: 'done' }>
type Failed = Extract<BackfillEvent, { type: 'failed' }>

/** Gathers what is told, and shows how it goes. */
export class BackfillReport {
  readonly progress = new Progress()
  readonly #done: Done[] = []
  readonly #failed: Failed[] = []
  #rowsBefore = 0
  #ended: boolean | null = null

  /** Every timeline was filled, and every row of it. */
  get ok(): boolean {
    return this.#ended === true && this.#failed.length === 0 && this.#done.every(({ refused }) => refused === 0)
  }

  take(line: Line): void {
    switch (line.type) {
      case 'message':
        this.progress.note(`${title(line.timeline)}: ${line.text}`)
        break
      case 'progress':
        this.progress.update({
          fraction: line.rowsTotal === 0 ? null : Math.min(1, line.rows / line.rowsTotal),
          done: this.#rowsBefore + line.rows,
          text: `${title(line.timeline)}: ${count(line.rows)} of ${counted(line.rowsTotal, 'row')}`,
        })
        break
      case 'done':
        this.#rowsBefore += line.rows
        this.#done.push(line)
        break
      case 'failed':
        this.#failed.push(line)
        break
      case 'end':
        this.#ended = line.ok
    }
  }

  result(): object {
    return {
      ok: this.ok,
      done: this.#done.map(({ type: _, ...rest }) => rest),
      failed: this.#failed.map(({ type: _, ...rest }) => rest),
    }
  }

  text(): string {
    const lines = this.#done.map(({ timeline, rows, refused, refusals, since_ms }) => {
      const since = since_ms === 0 ? 'complete' : `complete since ${instant(since_ms)}`
      const lost = refused === 0 ? '' : `; ${counted(refused, 'row was', 'rows were')} refused: ${refusals.join('; ')}`
      return `${title(timeline)}: ${since}, ${counted(rows, 'row')}${lost}`
    })
    for (const { timeline, message } of this.#failed) lines.push(`${title(timeline)} failed: ${message}`)
    if (lines.length > 0) return lines.join('\n')
    return this.#ended === null ? 'no timeline was finished' : 'every timeline is complete: nothing to fill'
  }
}

function title({ source, entity, groups }: BackfillTarget): string {
  return `${source} by ${entity} (${groups.join(', ')})`
}
