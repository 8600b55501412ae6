import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dataOf } from '../../src/features/definition.ts'
import { aggregates } from '../../src/timeline/aggregates/index.ts'

describe('the entry of the library', () => {
  it('has the names of the language', async () => {
    const names = aggregates.keys()
    const filters = 'eq ne gt gte lt lte inList isNull and or not'.split(' ')
    const language = 'source entity featureGroup featureService money ratio debezium z'.split(' ')
    expect(Object.keys(await import('millrace')).sort()).toEqual([...names, ...filters, ...language].sort())
  })

  it('loads nothing but zod', () => {
    const packages = new Set<string>()
    const seen = new Set<string>()
    const walk = (file: URL): void => {
      if (seen.has(file.href)) return
      seen.add(file.href)
      const imports = /^(?:import|export) (?!type )(?:[^'";]*? from )?'([^']+)'/gm
      for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(imports)) {
        if (target.startsWith('.')) walk(new URL(target, file))
        else packages.add(target)
      }
    }
    walk(new URL('../../src/index.ts', import.meta.url))
    expect([...packages]).toEqual(['zod'])
    expect(seen.size).toBeGreaterThan(20)
  })

  it('reads the definitions of this project', async () => {
    const folder = new URL('../../feature-defs/', import.meta.url)
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
    const modules = await Promise.all(files.map((file) => import(new URL(file, folder).href)))
    const kinds = modules.flatMap((module) => Object.values(module as object).map((value) => dataOf(value)?.name))
    expect(kinds.sort()).toEqual(
      [
        'card',
        'card_merchant',
        'card_velocity',
        'checkout_risk',
        'checkout_score',
        'merchant',
        'merchant_risk',
        'payments',
      ].sort(),
    )
  })
})
