import { stripVTControlCharacters, styleText } from 'node:util'

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Where a command tells its result (stdout) and everything else (stderr). */
export class Output {
  readonly json: boolean
  constructor(json: boolean) {
    this.json = json
  }

  /** The result: with `--json` the value as one line of JSON, else a text for people. */
  result(value: unknown, text: () => string): void {
    process.stdout.write(`${this.json ? JSON.stringify(value) : text()}\n`)
  }

  /** For people, beside the result. */
  note(text: string): void {
    process.stderr.write(`${text}\n`)
  }
}

/** Whether stderr is a terminal that shows what moves. */
export function isTerminal(): boolean {
  return process.stderr.isTTY === true && process.env.TERM !== 'dumb'
}

/** A text in a style, on a terminal that shows styles: plain with NO_COLOR, and where stdout is none. */
export function styled(style: Style, text: string): string {
  const colored = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
  return colored ? styleText(style, text) : text
}

export type Align = 'left' | 'right'

/** Rows under a head, in columns with two spaces between. Numbers are best aligned right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[] = [],
): string {
  const all = [head, ...rows]
  const widths = head.map((_, c) => Math.max(...all.map((row) => width(row[c] ?? ''))))
  const line = (row: readonly string[]): string =>
    head
      .map((_, c) => {
        const cell = row[c] ?? ''
        const space = ' '.repeat(widths[c]! - width(cell))
        return align[c] === 'right' ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd()
  return [line(head.map((text) => styled('bold', text))), ...rows.map(line)].join('\n')
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length
}

/** `1234567` as `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `one line` or `3 lines`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** Bytes as people say them: `1.2 MB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let at = 0
  let size = value
  while (size >= 1_000 && at < units.length - 1) {
    size /= 1_000
    at++
  }
  return `${at === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${units[at]}`
}

/** An instant, epoch milliseconds, as ISO 8601. */
export function instant(ms: number | null): string {
  return ms === null ? '-' : new Date(ms).toISOString()
}
