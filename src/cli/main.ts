import { type ArgsDef, runCommand } from 'citty'
import { namesCure } from '../features/nearest-name.ts'
import { checkArguments } from './argument-check.ts'
import type { Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import { EXIT } from './exit-code.ts'
import { exitCodeOf, showFailure } from './failure.ts'
import { commandHelp, programHelp } from './help.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** Runs a command line, `['ingest', 'payments', ...]`, and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const json = argv.includes('--json')
  const title =
    argv[0] !== undefined && COMMANDS.some(({ name }) => name === argv[0]) ? `millrace ${argv[0]}` : 'millrace'
  const fail = (error: unknown): number => {
    showFailure(title, error, json)
    return exitCodeOf(error)
  }
  // Whoever reads our output may stop reading (`| head`), which is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
  )
  // Definitions are code, and may print: not among our JSON.
  if (json) console.log = console.info = console.debug = console.error
  process.on('uncaughtException', (error) => process.exit(fail(error)))
  let exitCode: number
  try {
    exitCode = await runLine(argv)
  } catch (error) {
    exitCode = fail(error)
  }
  // What was written must be out before the process ends, which nothing that is still open may hold up.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
}

async function runLine(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  if (first === undefined) {
    process.stderr.write(programHelp(version(), COMMANDS))
    return EXIT.usage
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    process.stdout.write(programHelp(version(), COMMANDS))
    return EXIT.ok
  }
  if (first === '--version' || first === '-v') {
    process.stdout.write(`${version()}\n`)
    return EXIT.ok
  }
  const entry = COMMANDS.find(({ name }) => name === first)
  if (entry === undefined) {
    const what = first.startsWith('-') ? `${first} is no flag of millrace` : `there is no command '${first}'`
    throw new UsageError(
      what,
      first.startsWith('-') ? 'begin with a command: millrace --help lists them' : cureOf(first),
    )
  }
  const command: Command = await entry.load()
  const args = command.args as ArgsDef
  if (rest.includes('--help') || rest.includes('-h')) {
    const { description = '' } = command.meta as { description?: string }
    process.stdout.write(commandHelp(entry.name, description, args, command.help ?? entry.help))
    return EXIT.ok
  }
  const help = command.help ?? entry.help
  checkArguments(entry.name, args, help?.rest, rest, help?.repeatable)
  const { result } = await runCommand(command, { rawArgs: [...rest] })
  return typeof result === 'number' ? result : Number(process.exitCode ?? EXIT.ok)
}

function cureOf(typed: string): string {
  return namesCure(
    typed,
    COMMANDS.map(({ name }) => name),
  )
}
