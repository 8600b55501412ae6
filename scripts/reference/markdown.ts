/** What stands at the top of a page that is made from the code. */
export const MADE =
  '<!-- Made from the code by `node --import tsx scripts/reference.ts`: a test holds the two together. -->'

/** A table; cells that hold a bar are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`.replaceAll('  ', ' ')
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** A page: its title, then its parts, with an empty line between them. */
export function page(title: string, ...parts: readonly string[]): string {
  return `${[`# ${title}`, MADE, ...parts].join('\n\n')}\n`
}

/** A sentence as one: its first letter is large, and it ends. */
export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.:!?)]$/.test(whole) ? whole : `${whole}.`
}
