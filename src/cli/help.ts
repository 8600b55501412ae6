import type { ArgDef, ArgsDef } from 'citty'
import type { CommandHelp } from './command.ts'
import { EXIT } from './exit-code.ts'

/** What `millrace --help` shows. */
export function programHelp(version: string, commands: readonly { name: string; summary: string }[]): string {
  return [
    `millrace ${version}: a feature store for fraud models`,
    '',
    'Usage: millrace <command> [flags]',
    '',
    'Commands:',
    columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'Flags:',
    columns([
      ['-h, --help', 'Shows this, or the help of a command: millrace <command> --help'],
      ['-v, --version', 'Shows the version'],
    ]),
    '',
    'Two minutes to see it work: npm run demo',
    '',
  ].join('\n')
}

/** What `millrace <command> --help` shows. */
export function commandHelp(
  name: string,
  description: string,
  definitions: ArgsDef,
  help: CommandHelp | undefined,
): string {
  const args = Object.entries(definitions)
  const positionals = args.filter(([, { type }]) => type === 'positional')
  const flags = args.filter(([, { type }]) => type !== 'positional')
  const shape = positionals.map(([arg, { required }]) => (required === false ? `[${arg}]` : `<${arg}>`))
  if (help?.rest !== undefined) shape.push(`[${help.rest}...]`)
  const lines = [`Usage: millrace ${[name, ...shape].join(' ')} [flags]`, '', description, '']
  if (positionals.length > 0) {
    lines.push('Arguments:', columns(positionals.map(([arg, { description = '' }]) => [arg, description])), '')
  }
  lines.push('Flags:', columns([...flags.map(flagLine), ['-h, --help', 'Shows this']]), '')
  if (help !== undefined) {
    lines.push('Examples:')
    for (const { line, what } of help.examples) lines.push(`  ${line}`, `      ${what}`)
    const exits: readonly (readonly [number, string])[] = [
      [EXIT.ok, 'all is well'],
      ...help.exits,
      [EXIT.usage, 'the command line is wrong, and nothing was done'],
    ]
    const rows = exits.map(([code, when]): [string, string] => [String(code), when])
    lines.push('', 'Exit codes:', columns(rows.sort(([a], [b]) => Number(a) - Number(b))), '')
  }
  return lines.join('\n')
}

function flagLine([name, definition]: [string, ArgDef]): [string, string] {
  const { type, description = '', valueHint = 'value', default: standard } = definition
  const flag = type === 'boolean' ? `--${name}` : `--${name} <${valueHint}>`
  const note = type === 'boolean' || standard === undefined ? '' : ` (default: ${standard})`
  return [flag, `${description}${note}`]
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
