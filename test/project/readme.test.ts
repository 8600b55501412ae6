import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { loadDefinitions } from '../../src/cli/load-definitions.ts'
import { createApi } from '../../src/serving/http/api.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { judgedBlock } from '../docs/judged-blocks.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

describe('README', () => {
  it('every command and script that it names is there', () => {
    const named = new Set([...README.matchAll(/npx millrace ([a-z]+)/g)].map((match) => match[1]))
    expect(named.size).toBeGreaterThan(5)
    expect(COMMANDS.map(({ name }) => name).sort()).toEqual([...named].sort())
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const [, script] of README.matchAll(/npm run ([a-z:-]+)/g)) expect(Object.keys(scripts)).toContain(script)
  })

  it('every route that it names is there', async () => {
    const { model } = await loadDefinitions(join(ROOT, 'feature-defs'))
    const options = { now: () => 0, clock: 'wall', watermark: () => null } as const
    const vectors = new VectorService({ model: model!, store: new MemoryOnlineStore(), ...options })
    const app = createApi({ model: model!, vectors, append: async () => {}, ready: () => [] })
    const routes = app.routes.map(({ method, path }) => `${method} ${path}`)
    for (const [, method, path] of README.matchAll(/\| `(GET|POST) ([^`]+)`/g)) {
      expect(routes.some((route) => new RegExp(`^${method} ${path!.replace(/:[a-z]+/g, ':\\w+')}$`).test(route))).toBe(
        true,
      )
    }
  })

  it('its list of folders is the real one', () => {
    const listed = [...judgedBlock('list of folders').text.matchAll(/^src\/([a-z]+)\/ /gm)].map((match) => match[1]!)
    const real = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(listed.sort()).toEqual(real.map(({ name }) => name).sort())
    for (const [, folder] of judgedBlock('list of folders').text.matchAll(/^(\S+\/) /gm))
      expect(existsSync(join(ROOT, folder!))).toBe(true)
  })
})
