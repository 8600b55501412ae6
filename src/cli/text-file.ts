import { readFileSync } from 'node:fs'

/** A small file in UTF-8, without the mark that editors of Windows put before it. Throws what node throws. */
export function readTextFile(path: string): string {
  const text = readFileSync(path, 'utf8')
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
