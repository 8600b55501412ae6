import { expect } from 'vitest'
import { type CodeBlock, codeBlocks } from './code-blocks.ts'
import { judgeOf } from './judged-blocks.ts'
import type { PageSession } from './page-session.ts'
import { isAsShown, isJsonAsShown } from './shown-output.ts'
import { isProgram, moduleOf } from './snippets.ts'

/** What only asks: it may be asked again until the stream has brought what was sent. */
const ASKS = /\/v1\/services\/|npx millrace (?:get|events|status|plan)|npm run demo/

/** What does more than ask. */
const CHANGES = /npx millrace (?:backfill|ingest|init|gc|quarantine)|\/v1\/sources\//

/** How long the stream may take, on a machine that is busy otherwise. */
const PATIENCE_MS = 60_000

/** Something that a page has its reader do: a file to write, a program to run, or lines for the shell. */
export interface PageStep {
  readonly block: CodeBlock
  /** What the page says that it prints: the block right behind it, where it is text or JSON. */
  readonly shown: CodeBlock | null
  /** The files of the page before it, from which a program takes what it does not say. */
  readonly files: readonly CodeBlock[]
}

/** The steps of a page, in their order. */
export function stepsOf(page: string): PageStep[] {
  const blocks = codeBlocks(page)
  return blocks.flatMap((block, i) => {
    const runs = block.language === 'sh' || isProgram(block)
    if ((block.file === null && !runs) || judgeOf(block) !== null) return []
    const next = blocks[i + 1]
    const isShown = runs && next !== undefined && ['text', 'json'].includes(next.language) && judgeOf(next) === null
    return [{ block, shown: isShown ? next : null, files: blocks.slice(0, i).filter(({ file }) => file !== null) }]
  })
}

/** A step's line in the page, and its first words, for the name of a test. */
export function stepTitle({ block }: PageStep): string {
  return `line ${block.line}: ${block.file ?? block.text.split('\n')[0]}`
}

/** Does what the step says. Throws where it fails, or prints something else than the page shows. */
export async function take(session: PageSession, { block, shown, files }: PageStep): Promise<void> {
  const file = block.file ?? (block.language === 'ts' ? `snippet-${block.line}.ts` : null)
  if (file !== null) await session.write(file, block.file === null ? moduleOf(block, files, '') : block.text)
  if (file !== null && !isProgram(block)) return
  const lines = file === null ? block.text : `node --import tsx ${file}`
  let output = await session.run(lines)
  if (shown === null) {
    expect(output).not.toContain('{"error":')
    return
  }
  const again = session.toCopy ?? lines
  if (session.toCopy !== null) output = await session.run(again)
  const asShown = shown.language === 'json' ? isJsonAsShown : isAsShown
  const isWell = () => asShown(output, shown.text, shown.shortened)
  const until_ms = performance.now() + PATIENCE_MS
  const mayChange = ASKS.test(block.text) && !CHANGES.test(block.text)
  while (!isWell() && mayChange && performance.now() < until_ms) {
    await new Promise((resolve) => setTimeout(resolve, 300))
    output = await session.run(again)
  }
  if (!isWell()) expect(output).toBe(shown.text)
}
