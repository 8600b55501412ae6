/**
 * Frames that are looked at: those of millrace itself between a definition and whoever wrote it are two or three, and a function
 * of the user's that makes definitions adds some.
 */
const FRAMES_MAX = 8

/** The stack of the call that made each definition, beside it: definitions are plain data. It becomes a text when it is read. */
const stacks = new WeakMap<object, { readonly stack?: string }>()

/** Notes where a definition, or a part of one, is being written: the place that its problems are told at. Some 3 us. */
export function noteWritten<T extends object>(made: T): T {
  const limit = Error.stackTraceLimit
  const at = {}
  Error.stackTraceLimit = FRAMES_MAX
  Error.captureStackTrace(at)
  Error.stackTraceLimit = limit
  stacks.set(made, at)
  return made
}

/** Notes that what was made from a definition was written where that one was. */
export function noteWrittenAs<T extends object>(made: T, from: object): T {
  const at = stacks.get(from)
  if (at !== undefined) stacks.set(made, at)
  return made
}

/** The stack of the call that made it, as V8 writes it; null where it was made by another copy of this library. */
export function writtenStack(made: object): string | null {
  return stacks.get(made)?.stack ?? null
}
