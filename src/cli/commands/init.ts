import { existsSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { command, FLAGS } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { packageName, projectFiles } from '../init/project-files.ts'
import { assertFree, writeProject } from '../init/write-project.ts'
import { counted, Output } from '../output.ts'
import { shellPath } from '../shell-word.ts'
import { version } from '../version.ts'

export default command({
  meta: {
    name: 'init',
    description:
      'Makes a project that works: definitions of an example with a test of its features, sample data, settings of npm and\n' +
      'TypeScript, and servers for development. It never overwrites: where a file is in the way, it says so and writes nothing.',
  },
  args: {
    folder: { type: 'positional', required: false, description: 'Where to make it (default: the folder you are in)' },
    'dry-run': { type: 'boolean', default: false, description: 'Says what it would write, and writes nothing' },
    json: FLAGS.json,
  },
  help: {
    examples: [
      { line: 'millrace init fraud-features', what: 'a new folder of that name' },
      { line: 'millrace init --dry-run', what: 'what would be written into the folder you are in' },
    ],
    exits: [[EXIT.failed, 'a file is in the way, or one could not be written']],
  },
  run({ args }) {
    const output = new Output(args.json)
    const folder = args.folder ?? '.'
    const name = packageName(basename(resolve(folder)))
    const files = projectFiles({ name, version: version(), dependency: dependencyOf(folder), now_ms: Date.now() })
    assertFree(folder, files)
    const written = !args['dry-run']
    if (written) writeProject(folder, files)
    const paths = files.map(({ path }) => path)
    output.result({ folder, name, written, files: paths }, () => resultText(folder, paths, written))
    return EXIT.ok
  },
})

/** A project that a checkout makes depends on that checkout, in which its version may not be published yet. */
function dependencyOf(folder: string): string {
  const checkout = resolve(import.meta.dirname, '../../..')
  return existsSync(join(checkout, 'src/cli/main.ts')) ? `file:${relative(resolve(folder), checkout)}` : version()
}

function resultText(folder: string, paths: readonly string[], written: boolean): string {
  const where = folder === '.' ? 'this folder' : folder
  const list = paths.map((path) => `  ${path}`).join('\n')
  if (!written) return `${counted(paths.length, 'file')} would be written to ${where}:\n${list}`
  const next = [...(folder === '.' ? [] : [`cd ${shellPath(folder)}`]), 'npm install', 'npm run check', 'npm test']
  const steps = next.map((line) => `  ${line}`).join('\n')
  return `${counted(paths.length, 'file')} in ${where}:\n${list}\n\nNext:\n${steps}\n\nREADME.md has the rest.`
}
