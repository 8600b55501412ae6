import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'
import { nearestName } from '../features/nearest-name.ts'
import { UsageError } from './usage-error.ts'

/** Flags that every command has. */
const COMMON = ['help', 'h']

/**
 * Refuses what citty would let pass: unknown flags, flags without their value or with one too many, arguments that nobody
 * reads. `rest` names further positional arguments, where any number of them is taken; flags of `repeatable` may come more than
 * once. Throws a UsageError.
 */
export function checkArguments(
  command: string,
  definitions: ArgsDef,
  rest: string | undefined,
  argv: readonly string[],
  repeatable: readonly string[] = [],
): void {
  const flags = Object.entries(definitions).filter(([, { type }]) => type !== 'positional')
  const kinds = new Map(flags.map(([name, { type }]) => [name, type === 'boolean' ? 'boolean' : 'string'] as const))
  const options = Object.fromEntries([...kinds].map(([name, type]) => [name, { type }]))
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const seen = new Set<string>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    const kind = kinds.get(name)
    if (COMMON.includes(name)) continue
    if (kind === undefined) throw unknownFlag(command, rawName, [...kinds.keys()])
    if (rawName.length === 2) throw new UsageError(`${rawName} is no flag of ${command}`, `write --${name}`)
    if (seen.has(name) && !repeatable.includes(name)) throw new UsageError(`${rawName} is given twice`, 'give it once')
    seen.add(name)
    if (kind === 'boolean') {
      if (value === undefined) continue
      throw new UsageError(`${rawName} takes no value, and '${value}' is given`, `write ${rawName} alone`)
    }
    const hint = definitions[name]?.valueHint ?? 'value'
    if (value === undefined || value === '') {
      throw new UsageError(`${rawName} needs a value`, `write ${rawName} <${hint}>`)
    }
    if (!token.inlineValue && value.startsWith('--')) {
      throw new UsageError(
        `${rawName} needs a value, and the flag ${value} follows`,
        `write ${rawName} <${hint}>, or ${rawName}=${value} where that is the value`,
      )
    }
  }
  const missing = flags.find(([name, { required }]) => required === true && !seen.has(name))
  if (missing !== undefined) {
    const [name, { valueHint = 'value' }] = missing
    throw new UsageError(`--${name} is missing`, `write --${name} <${valueHint}>`)
  }
  checkPositionals(command, definitions, rest, positionals)
}

/** All values of a flag that may be given more than once. */
export function everyValue(flag: string, argv: readonly string[]): string[] {
  const { values } = parseArgs({
    args: [...argv],
    options: { [flag]: { type: 'string', multiple: true } },
    strict: false,
  })
  return (values[flag] ?? []) as string[]
}

function checkPositionals(
  command: string,
  definitions: ArgsDef,
  rest: string | undefined,
  given: readonly string[],
): void {
  const wanted = Object.entries(definitions).filter(([, { type }]) => type === 'positional')
  const missing = wanted.slice(given.length).find(([, { required }]) => required !== false)
  if (missing !== undefined) {
    const shape = wanted.map(([name]) => `<${name}>`).join(' ')
    throw new UsageError(`<${missing[0]}> is missing`, `write millrace ${command} ${shape}`)
  }
  if (rest !== undefined || given.length <= wanted.length) return
  const takes = wanted.length === 0 ? 'no arguments' : wanted.map(([name]) => `<${name}>`).join(' ')
  throw new UsageError(`'${given[wanted.length]}' is one argument too many`, `${command} takes ${takes}`)
}

function unknownFlag(command: string, typed: string, flags: readonly string[]): UsageError {
  const near = nearestName(typed.replace(/^--?/, ''), [...flags, 'help'])
  const cure = near === null ? `millrace ${command} --help lists its flags` : `did you mean --${near}?`
  return new UsageError(`${typed} is no flag of ${command}`, cure)
}
