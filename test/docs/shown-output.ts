/** Whether an output is what a page shows of it. Instants and hashes may be others; a line of `...` stands for any lines, and `...` at a line's end for its rest. */
export function isAsShown(output: string, shown: string): boolean {
  const lines = steady(shown).split('\n')
  const parts = lines.map((line) => {
    if (line === '...') return '(?:.*\\n)*?'
    const rest = line.endsWith('...')
    return `${escaped(rest ? line.slice(0, -3).trimEnd() : line)}${rest ? '.*' : ' *'}\\n`
  })
  return new RegExp(`^(?:\\s*\\n)*${parts.join('(?:\\s*\\n)*')}$`).test(`${steady(output).trimEnd()}\n`)
}

/** The same of JSON: all of it is shown, in whatever lines. */
export function isJsonAsShown(output: string, shown: string): boolean {
  const form = (text: string) => steady(JSON.stringify(JSON.parse(text)))
  try {
    return form(output) === form(shown)
  } catch {
    return false
  }
}

/** The text with a word in the place of what differs from one day to the next. */
function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>')
    .replace(/\b1\d{12}\b/g, '<ms>')
    .replace(/\b[0-9a-f]{16}\b/g, '<hash>')
    .replace(/[ \t]+$/gm, '')
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
