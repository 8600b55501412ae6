/** A text as one word of a shell's command line. */
export function shellWord(text: string): string {
  return /^[\w./,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A path as a command takes it: never for a flag. */
export function shellPath(path: string): string {
  return shellWord(path.startsWith('-') ? `./${path}` : path)
}
