import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IN_A_PROJECT, walks } from './code-blocks.ts'
import { PageSession } from './page-session.ts'
import { stepsOf, stepTitle, take } from './page-steps.ts'
import { isAsShown, isJsonAsShown } from './shown-output.ts'

describe.each(walks())('%s, followed from its first line to its last', (page) => {
  const session = new PageSession()
  beforeAll(async () => {
    const before = IN_A_PROJECT.get(page)
    if (before !== undefined) await session.run(before)
  })
  afterAll(() => session.end())
  let failed = false

  it.each(stepsOf(page).map((step) => [stepTitle(step), step] as const))('%s', async (_, step) => {
    // A step stands on all before it.
    expect(failed).toBe(false)
    failed = true
    await take(session, step)
    failed = false
  })
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
