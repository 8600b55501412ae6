import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OPERATIONS, operationsTables, withTables } from '../../scripts/operations-tables.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { VARIABLES } from '../../src/cli/config/variables.ts'
import { METRICS } from '../../src/cli/metric-table.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const TEXT = readFileSync(OPERATIONS, 'utf8')

describe('docs/operations.md', () => {
  it('has its tables as the code has them now: node --import tsx scripts/operations-tables.ts writes them', () => {
    expect(TEXT).toBe(withTables(TEXT))
    const { variables, metrics } = operationsTables()
    expect(variables!.split('\n')).toHaveLength(2 + VARIABLES.length)
    expect(metrics!.split('\n')).toHaveLength(2 + Object.keys(METRICS).length)
    expect(variables).toContain('| `MILLRACE_REDIS_PATIENCE` | `redis.patience` |')
    expect(variables).toContain('| `1s` |')
  })

  it('tells where a place for a table is missing', () => {
    expect(() => withTables('nothing')).toThrow('no place for variables')
  })

  it('names commands, variables and metrics that are there', () => {
    const commands = new Set([...TEXT.matchAll(/millrace ([a-z]+)[` ]/g)].map((match) => match[1]!))
    const known = COMMANDS.map(({ name }) => name)
    for (const name of ['stream', 'archive', 'serve', 'backfill', 'quarantine', 'gc']) expect(commands).toContain(name)
    const named = [...TEXT.matchAll(/`millrace ([a-z]+)/g)].map((match) => match[1]!)
    for (const name of named) expect(known).toContain(name)
    const metrics = Object.values(METRICS).map(({ name }) => name as string)
    for (const [, name] of TEXT.matchAll(/`(millrace_[a-z_]+)`/g)) {
      if (name !== 'millrace_skipped') expect(metrics).toContain(name)
    }
    for (const [name] of TEXT.matchAll(/MILLRACE_[A-Z_]+/g)) expect(VARIABLES.map((one) => one.name)).toContain(name)
  })

  it('links to files that are there', () => {
    const links = [...TEXT.matchAll(/\]\(([a-z]+\.md)\)/g)].map((match) => match[1]!)
    expect(links.length).toBeGreaterThan(1)
    for (const link of links) expect(readFileSync(join(ROOT, 'docs', link), 'utf8')).not.toBe('')
  })
})
