import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

/** A block of code in a page. */
export interface CodeBlock {
  /** From the project's folder: `docs/concepts/windows.md`. */
  readonly page: string
  /** Of its first line, from 1. */
  readonly line: number
  /** `ts`, `sh`, `json`, `text`... */
  readonly language: string
  readonly text: string
  /** What the page says that the block is: a first line `// feature-defs/payments.ts`. */
  readonly file: string | null
  /** Whether the page says so right behind it: of what it shows, more is printed. */
  readonly shortened: boolean
}

/** Every page of Markdown that is for users: README.md and all under docs. */
export function pages(): string[] {
  const found = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const docs = found.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))
  return ['README.md', ...docs.sort()]
}

/** The blocks of a page, in their order. Throws where a fence is not closed or names no language. */
export function codeBlocks(page: string, text = readFileSync(join(ROOT, page), 'utf8')): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { language: string; line: number; lines: string[] } | null = null
  const all = text.split('\n')
  for (const [i, line] of all.entries()) {
    const fence = /^ *```(.*)$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === null) {
      const language = fence[1]!.trim()
      if (language === '' && !page.endsWith('design.md') && page !== 'README.md') {
        throw new Error(`${page}:${i + 1}: a block of code says of what language it is, as text`)
      }
      open = { language: language === '' ? 'text' : language, line: i + 2, lines: [] }
    } else {
      const body = open.lines.join('\n')
      const file = /^(?:\/\/|#) ([\w./-]+\.\w+)$/.exec(open.lines[0] ?? '')?.[1] ?? null
      const shortened = /^\(shortened/.test(all[i + 2] ?? '')
      blocks.push({ page, line: open.line, language: open.language, text: body, file, shortened })
      open = null
    }
  }
  if (open !== null) throw new Error(`${page}:${open.line}: a block of code has no end`)
  return blocks
}

/** Where a page's blocks are written to: a folder of its own. */
export function folderOf(page: string): string {
  return relative('.', page).replaceAll('/', '-').replace(/\.md$/, '')
}
