import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REFERENCE, referencePages } from '../../scripts/reference.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { VARIABLES } from '../../src/cli/config/variables.ts'
import { METRICS } from '../../src/cli/metric-table.ts'
import { HTTP_ERRORS } from '../../src/serving/http/error-table.ts'
import { aggregates } from '../../src/timeline/aggregates/index.ts'

const pages = await referencePages()

describe('docs/reference', () => {
  it.each([...pages.keys()])('%s is as the code is: node --import tsx scripts/reference.ts writes it', (name) => {
    expect(readFileSync(join(REFERENCE, name), 'utf8')).toBe(pages.get(name))
  })

  it('has all that there is', () => {
    const has = (name: string, texts: readonly string[]) => {
      for (const text of texts) expect(pages.get(name)).toContain(text)
    }
    has(
      'aggregates.md',
      [...aggregates.keys()].map((name) => `\n## ${name}\n`),
    )
    has(
      'commands.md',
      COMMANDS.map(({ name }) => `\n## ${name}\n`),
    )
    has(
      'configuration.md',
      VARIABLES.map(({ name, path }) => `| \`${name}\` | \`${path}\` |`),
    )
    has(
      'errors.md',
      Object.keys(HTTP_ERRORS).map((code) => `| \`${code}\` |`),
    )
    has(
      'metrics.md',
      Object.values(METRICS).map(({ name }) => `| \`${name}\` |`),
    )
    has('http.md', ['## POST /v1/services/:service\n', '## GET /v1/catalogue\n'])
    expect(pages.get('configuration.md')).toContain('| `1s` |')
  })

  it('no page is left that nothing makes any more', () => {
    const made = readdirSync(REFERENCE).filter((name) =>
      readFileSync(join(REFERENCE, name), 'utf8').includes('<!-- Made from'),
    )
    expect(made.sort()).toEqual([...pages.keys()].sort())
  })
})
