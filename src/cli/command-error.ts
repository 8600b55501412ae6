import { EXIT } from './exit-code.ts'

export interface CommandErrorOptions {
  /** What to do about it, as a sentence without its full stop. */
  readonly cure?: string
  readonly exitCode?: number
  readonly cause?: unknown
}

/** Why a command could not do its work, for people. Its message and cure are shown, never its stack. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
  readonly code: string
  readonly cure: string | null
  readonly exitCode: number
  constructor(code: string, message: string, options: CommandErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.cure = options.cure ?? null
    this.exitCode = options.exitCode ?? EXIT.failed
  }
}
