import { CommandError } from './command-error.ts'

/** A server of the configuration could not be used. */
export class ServerError extends CommandError {
  override readonly name = 'ServerError'
  /** Whether the same may go well later: the server is away, not wrong. */
  readonly retryable: boolean
  constructor(
    code: string,
    message: string,
    options: { readonly cure: string; readonly retryable: boolean; readonly cause: unknown },
  ) {
    super(code, message, { cure: options.cure, cause: options.cause })
    this.retryable = options.retryable
  }
}
