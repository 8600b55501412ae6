import { CommandError } from './command-error.ts'
import { EXIT } from './exit-code.ts'

/** The command line is wrong. The message names the flag, its value and what to write instead. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError'
  constructor(message: string, cure?: string) {
    super('USAGE', message, { exitCode: EXIT.usage, ...(cure === undefined ? {} : { cure }) })
  }
}
