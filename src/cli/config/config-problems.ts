import type { z } from 'zod'
import { namesCure } from '../../features/nearest-name.ts'
import { CommandError } from '../command-error.ts'
import { EXIT } from '../exit-code.ts'
import { optionsAt } from './config-schema.ts'
import { shownValue } from './shown-value.ts'

/** The error of a configuration that cannot be used, with all that is wrong. */
export function configWrong(problems: readonly string[]): CommandError {
  const count = problems.length === 1 ? 'an error' : `${problems.length} errors`
  const message = `the configuration has ${count}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`
  return new CommandError('CONFIG_WRONG', message, { exitCode: EXIT.usage })
}

/** `['kafka', 'brokers', 1]` as `kafka.brokers[1]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('')
}

/** Sentences of what a schema finds wrong in `value`; `where` says how the option at a path is called. */
export function schemaProblems(error: z.ZodError, value: unknown, where: (path: string) => string): string[] {
  return error.issues.flatMap((issue) => {
    const path = formatPath(issue.path)
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const cure = namesCure(key, optionsAt(path))
        return `${where(path === '' ? key : `${path}.${key}`)} is not known; ${cure}`
      })
    }
    const found = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown>)[part], value)
    return [`${where(path)}: ${shownValue(issue.path, found)} ${issue.message}`]
  })
}
