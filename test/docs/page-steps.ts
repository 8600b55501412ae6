import { expect } from 'vitest'
import { type CodeBlock, codeBlocks } from './code-blocks.ts'
import type { PageSession } from './page-session.ts'
import { isAsShown, isJsonAsShown } from './shown-output.ts'

/** What only asks: it may be asked again until the stream has brought what was sent. */
const ASKS = /\/v1\/services\/|npx millrace (?:get|events|status|plan)/

/** How long the stream may take, on a machine that is busy otherwise. */
const PATIENCE_MS = 60_000

/** Something that a page has its reader do: a file to write, or lines for the shell. */
export interface PageStep {
  readonly block: CodeBlock
  /** What the page says that the lines print: the block right behind them, where it is text or JSON. */
  readonly shown: CodeBlock | null
}

/** The steps of a page, in their order. */
export function stepsOf(page: string): PageStep[] {
  const blocks = codeBlocks(page)
  return blocks.flatMap((block, i) => {
    if (block.file !== null) return [{ block, shown: null }]
    if (block.language !== 'sh') return []
    const next = blocks[i + 1]
    return [{ block, shown: next !== undefined && ['text', 'json'].includes(next.language) ? next : null }]
  })
}

/** A step's line in the page, and its first words, for the name of a test. */
export function stepTitle({ block }: PageStep): string {
  return `line ${block.line}: ${block.file ?? block.text.split('\n')[0]}`
}

/** Does what the step says. Throws where it fails, or prints something else than the page shows. */
export async function take(session: PageSession, { block, shown }: PageStep): Promise<void> {
  if (block.file !== null) {
    session.write(block.file, block.text)
    return
  }
  let output = await session.run(block.text)
  if (shown === null) return
  const asShown = shown.language === 'json' ? isJsonAsShown : isAsShown
  const until_ms = performance.now() + PATIENCE_MS
  while (!asShown(output, shown.text) && ASKS.test(block.text) && performance.now() < until_ms) {
    await new Promise((resolve) => setTimeout(resolve, 300))
    output = await session.run(block.text)
  }
  if (!asShown(output, shown.text)) expect(output).toBe(shown.text)
}
