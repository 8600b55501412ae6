import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FOLLOWED } from './followed-pages.ts'
import { giveFiles } from './given-files.ts'
import type { PageSession } from './page-session.ts'
import { stepsOf, stepTitle, take } from './page-steps.ts'
import { Projects } from './projects.ts'
import { isAsShown, isJsonAsShown } from './shown-output.ts'

const projects = new Projects()
afterAll(() => projects.end())

describe.each([...FOLLOWED])('%s, followed from its first line to its last', (page, beginning) => {
  let session: PageSession
  beforeAll(async () => {
    session = await projects.session(beginning)
    giveFiles(page, session.folder)
  })
  afterAll(() => session?.end())
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
    ['took 3 s, 5 rows', 'took ..., 5 rows', true],
    ['took 3 s, 6 rows', 'took ..., 5 rows', false],
    ['spend = 12 at 2026-01-01T00:00:00Z', 'spend = 12 at 2025-02-02T02:02:02.123Z', true],
    ['spend = 13 at 2026-01-01T00:00:00Z', 'spend = 12 at 2025-02-02T02:02:02.123Z', false],
  ])('%j, shown as %j: %s', (output, shown, expected) => expect(isAsShown(output, shown)).toBe(expected))

  it.each([
    ['{"a":1,"as_of":1795643733228}', '{ "a": 1, "as_of": 1795643733999 }', false, true],
    ['{"a":2}', '{ "a": 1 }', false, false],
    ['{"a":1,"b":2}', '{ "a": 1 }', false, false],
    ['', '{}', false, false],
    ['{"a":2,"b":2}', '{ "a": 1 }', true, true],
    ['{"b":2}', '{ "a": 1 }', true, false],
    ['{"a":"2"}', '{ "a": 1 }', true, false],
    ['{"a":{"b":1}}', '{ "a": {} }', true, false],
    ['{"a":null}', '{ "a": {} }', true, false],
  ])('%j, shown as %j, shortened %s: %s', (output, shown, shortened, expected) =>
    expect(isJsonAsShown(output, shown, shortened)).toBe(expected),
  )
})
