/** Whether an output is what a page shows of it. Instants and hashes may be others; a line of `...` stands for any lines, and `...` within a line for any part of it. */
export function isAsShown(output: string, shown: string): boolean {
  const lines = steady(shown).split('\n')
  const parts = lines.map((line) => {
    if (line === '...') return '(?:.*\\n)*?'
    return `${line
      .split(/ *\.\.\./)
      .map(escaped)
      .join('.*')} *\\n`
  })
  return new RegExp(`^(?:\\s*\\n)*${parts.join('(?:\\s*\\n)*')}$`).test(`${steady(output).trimEnd()}\n`)
}

/** The same of JSON: all of it is shown, in whatever lines. `shortened`: it is of other numbers, and has more than is shown. */
export function isJsonAsShown(output: string, shown: string, shortened = false): boolean {
  const form = (text: string) => steady(JSON.stringify(JSON.parse(text)))
  try {
    return shortened ? isPart(JSON.parse(output), JSON.parse(shown)) : form(output) === form(shown)
  } catch {
    return false
  }
}

/** Whether a value has what is shown of it: objects the keys, everything else its type. An empty object is shown of an empty one only. */
function isPart(value: unknown, shown: unknown): boolean {
  if (typeof shown !== 'object' || shown === null || Array.isArray(shown)) {
    return (
      typeof value === typeof shown &&
      (value === null) === (shown === null) &&
      Array.isArray(value) === Array.isArray(shown)
    )
  }
  if (typeof value !== 'object' || value === null) return false
  const keys = Object.keys(shown)
  if (keys.length === 0) return Object.keys(value).length === 0
  return keys.every((key) => key in value && isPart(value[key as keyof typeof value], shown[key as keyof typeof shown]))
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
