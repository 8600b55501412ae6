import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkArchive } from '../../features/check-archive.ts'
import { checkReads } from '../../features/check-reads.ts'
import { archiveTypeProblem } from '../../stores/archive/clickhouse-types.ts'
import { getJson } from '../answer.ts'
import { openInspection } from '../backend.ts'
import { command, FLAGS } from '../command.ts'
import { CONFIG_FILES } from '../config/load-config.ts'
import { EXIT } from '../exit-code.ts'
import type { LoadProblem } from '../file-problem.ts'
import { formatLoadProblem, type LoadedDefinitions, loadDefinitions } from '../load-definitions.ts'
import { counted, Output, styled } from '../output.ts'
import { lineOf } from '../problem-place.ts'
import { type Settings, settingsOf } from '../settings.ts'
import { watchCheck } from '../watch-check.ts'

export default command({
  meta: {
    name: 'check',
    description:
      'Says everything that is wrong with the definitions, with the file, the name and a cure; where there is a data folder,\n' +
      'also what its archive tables lack. Warnings are told apart: they keep nothing from working.\n' +
      'With --watch it checks again whenever a definition changes, or a file that one imports, until Ctrl-C.',
  },
  args: {
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    watch: { type: 'boolean', default: false, description: 'Checks again whenever a file changes, until Ctrl-C' },
    json: FLAGS.json,
  },
  help: {
    examples: [
      { line: 'millrace check', what: 'the definitions in feature-defs' },
      { line: 'millrace check --watch', what: 'the same again and again, while they are being written' },
      { line: 'millrace check --defs other-defs --json', what: 'others, for a program' },
    ],
    exits: [
      [EXIT.failed, 'the archive tables could not be looked at'],
      [EXIT.definitions, 'there are errors; warnings alone are 0. With --watch: as the last check ended'],
      [EXIT.interrupted, 'Ctrl-C before the first check of --watch had ended'],
    ],
  },
  async run({ args }) {
    const output = new Output(args.json)
    const settings = await settingsOf(args)
    if (args.watch) {
      const others = args.config === undefined ? CONFIG_FILES : [args.config]
      const argv = process.argv.slice(2).filter((arg) => arg !== '--watch')
      return watchCheck({ defs: settings.defs, others, argv, json: args.json })
    }
    const loaded = await loadDefinitions(settings.defs)
    const { definitions, model } = loaded
    const reads = model === null ? [] : checkReads(definitions, model).map(loaded.locate)
    const problems = [
      ...loaded.problems,
      ...reads,
      ...(await archiveProblems(loaded, settings, (text) => output.note(text))),
    ]
    const errors = problems.filter(({ severity }) => severity === 'error')
    output.result({ ok: errors.length === 0, files: loaded.files, problems: problems.map(plain) }, () =>
      checkText(loaded, problems),
    )
    return errors.length === 0 ? EXIT.ok : EXIT.definitions
  },
})

/** What the archive tables of a data folder lack; nothing where there is no such folder yet. */
async function archiveProblems(
  { definitions, model, locate }: LoadedDefinitions,
  settings: Settings,
  note: (text: string) => void,
): Promise<readonly LoadProblem[]> {
  const { data } = settings
  if (model === null || (data !== null && !existsSync(join(data, 'archive')))) return []
  const backend = await openInspection({ settings, command: 'check', note })
  try {
    const describe = async (table: string) => {
      const path = `/admin/v1/archive-table?table=${encodeURIComponent(table)}`
      const found = await getJson<{ columns: Record<string, string> } | null>(backend, path)
      if (found === null) return null
      return { columns: new Map(Object.entries(found.columns).map(([name, type]) => [name, { type }])) }
    }
    return (await checkArchive(definitions, model, describe, archiveTypeProblem)).map(locate)
  } finally {
    await backend.close()
  }
}

/** A problem with the same fields, wherever it was found. */
function plain(problem: LoadProblem): object {
  if (!('kind' in problem)) return { ...problem, kind: null, name: null }
  const { part: _, ...rest } = problem
  return rest
}

/** The line of a problem, and a caret under its place. */
function excerpt({ file, line, column }: LoadProblem): string[] {
  const text = line === null ? null : lineOf(file, line)
  if (text === null) return []
  const number = `  ${line} | `
  if (column === null) return [styled('dim', number) + text]
  // Tabs stay, so that the caret stands where the eye looks for it.
  const before = text.slice(0, column - 1).replace(/[^\t]/g, ' ')
  return [styled('dim', number) + text, `${' '.repeat(number.length)}${before}${styled('red', '^')}`]
}

function checkText({ files, model }: LoadedDefinitions, problems: readonly LoadProblem[]): string {
  const lines = problems.map((problem) => {
    const word = problem.severity === 'error' ? styled('red', 'error') : styled('yellow', 'warning')
    return [`${word}: ${formatLoadProblem(problem)}`, ...excerpt(problem)].join('\n')
  })
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  const found =
    model === null
      ? counted(files.length, 'file')
      : `${counted(files.length, 'file')}: ${counted(model.sources.size, 'source')}, ${counted(model.groups.size, 'group')} ` +
        `with ${counted(model.features.size, 'feature')}, ${counted(model.services.size, 'service')}`
  return [...lines, `${found}; ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`].join('\n')
}
