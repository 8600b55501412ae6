import { EXIT } from './exit-code.ts'

/** A signal that the first Ctrl-C (or SIGTERM) aborts, so that work ends in order; the second one ends the process at once. */
export function onInterrupt(): { readonly signal: AbortSignal; release(): void } {
  const abort = new AbortController()
  const stop = (): void => (abort.signal.aborted ? process.exit(EXIT.interrupted) : abort.abort())
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: abort.signal,
    release() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
