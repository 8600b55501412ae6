import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CodeBlock, codeBlocks, IN_A_PROJECT, walks } from './code-blocks.ts'
import { PageSession } from './page-session.ts'
import { isAsShown, isJsonAsShown } from './shown-output.ts'

/** What only asks: it may be asked again until the stream has brought what was sent. */
const ASKS = /\/v1\/services\/|npx millrace (?:get|events|status|plan)/

/** How long the stream may take, on a machine that is busy otherwise. */
const PATIENCE_MS = 60_000

function matches(output: string, shown: CodeBlock): boolean {
  return shown.language === 'json' ? isJsonAsShown(output, shown.text) : isAsShown(output, shown.text)
}

describe.each(walks())('%s, followed from its first line to its last', (page) => {
  const session = new PageSession()
  beforeAll(async () => {
    const before = IN_A_PROJECT.get(page)
    if (before !== undefined) await session.run(before)
  })
  afterAll(() => session.end())
  let failed = false

  const blocks = codeBlocks(page)
  const steps = blocks.filter(({ language, file }) => language === 'sh' || file !== null)
  it.each(steps.map((block) => [block.line, block.text.split('\n').at(block.file === null ? 0 : 1), block] as const))(
    'line %i: %s',
    async (_, __, block) => {
      // A step stands on all before it.
      expect(failed).toBe(false)
      failed = true
      if (block.file !== null) session.write(block.file, block.text)
      else {
        const next = blocks[blocks.indexOf(block) + 1]
        const shown = next !== undefined && ['text', 'json'].includes(next.language) ? next : null
        let output = await session.run(block.text)
        const until_ms = performance.now() + PATIENCE_MS
        while (shown !== null && !matches(output, shown) && ASKS.test(block.text) && performance.now() < until_ms) {
          await new Promise((resolve) => setTimeout(resolve, 300))
          output = await session.run(block.text)
        }
        if (shown !== null && !matches(output, shown)) expect(output).toBe(shown.text)
      }
      failed = false
    },
  )
})

describe('what a page shows of an output', () => {
  it.each([
    ['a\nb', 'a\nb', true],
    ['a\nb', 'a', false],
    ['a\nb\nc', 'a\n...', true],
    ['a\nb\nc', '...\nc', true],
    ['a\nb\nc', 'a\n...\nd', false],
    ['took 3 s', 'took ...', true],
    ['spend = 12 at 2026-01-01T00:00:00Z', 'spend = 12 at 2025-02-02T02:02:02.123Z', true],
    ['spend = 13 at 2026-01-01T00:00:00Z', 'spend = 12 at 2025-02-02T02:02:02.123Z', false],
  ])('%j, shown as %j: %s', (output, shown, expected) => expect(isAsShown(output, shown)).toBe(expected))

  it.each([
    ['{"a":1,"as_of":1795643733228}', '{ "a": 1, "as_of": 1795643733999 }', true],
    ['{"a":2}', '{ "a": 1 }', false],
    ['{"a":1,"b":2}', '{ "a": 1 }', false],
    ['', '{}', false],
  ])('%j, shown as %j: %s', (output, shown, expected) => expect(isJsonAsShown(output, shown)).toBe(expected))
})
