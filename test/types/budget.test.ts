import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { compile, root } from './compiler.ts'
import { thousandFeatures, thousandFeaturesClient } from './thousand-features.ts'

/**
 * Type instantiations for 1,000 features of two windows each in 50 groups and 30 services, with a client's view of every answer. Counted,
 * not timed, so it does not depend on the machine. It was 156,000 when this was set: a third of room for growth.
 */
const INSTANTIATIONS_MAX = 205_000

const folder = path.join(root, '.tmp', `type-budget-${process.pid}`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('checks 1,000 features in 50 groups and 30 services within the budget of the compiler', async () => {
  mkdirSync(folder, { recursive: true })
  const files = new Map([...thousandFeatures(), ['client.ts', thousandFeaturesClient()]])
  for (const [name, text] of files) writeFileSync(path.join(folder, name), text)
  const compilerOptions = { noUnusedLocals: false }
  const config = { extends: path.join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))

  const { errors, output } = await compile(folder, '--extendedDiagnostics')

  expect(errors).toEqual([])
  const instantiations = Number(/^Instantiations:\s+(\d+)$/m.exec(output)?.[1])
  expect(instantiations).toBeLessThan(INSTANTIATIONS_MAX)
  // Fewer than this would mean that the definitions were not checked at all.
  expect(instantiations).toBeGreaterThan(50_000)
})
