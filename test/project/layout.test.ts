import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const SRC = join(ROOT, 'src')

/** What each part may import, beside itself and packages. Adapters are the folders of `stores`. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  timeline: [],
  features: ['timeline'],
  stores: ['timeline', 'features'],
  adapters: ['timeline', 'features', 'stores'],
  backfill: ['timeline', 'features', 'stores'],
  stream: ['timeline', 'features', 'stores'],
  serving: ['timeline', 'features', 'stores'],
  client: ['features'],
  cli: ['timeline', 'features', 'stores', 'adapters', 'backfill', 'stream', 'serving', 'config.ts'],
  // The test kit runs the kernel and serving without I/O.
  testing: ['timeline', 'features', 'stores', 'serving'],
  // The public entries: the language, the configuration's types, and the test kit.
  'index.ts': ['timeline', 'features'],
  'config.ts': [],
  'testing.ts': ['features', 'testing'],
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(join(folder, entry.name))
      : entry.name.endsWith('.ts')
        ? [join(folder, entry.name)]
        : [],
  )
}

/** The part of the project that a file of `src` belongs to. */
function partOf(file: string): string {
  const path = relative(SRC, file).split('/')
  return path[0] === 'stores' && path.length > 2 ? 'adapters' : path[0]!
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"\n]*?(?:from\s+)?['"](\.{1,2}\/[^'"]+)['"]|import\(\s*['"](\.{1,2}\/[^'"]+)['"]\s*\)|\}\s*from\s*['"](\.{1,2}\/[^'"]+)['"]/g

function importsOf(file: string): string[] {
  const found = [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]!)
  return [...new Set(found)].map((path) => resolve(dirname(file), path))
}

const sources = files(SRC)

describe('dependencies point one way', () => {
  it('every import is allowed by the table', () => {
    const wrong: string[] = []
    let seen = 0
    for (const file of sources) {
      for (const target of importsOf(file)) {
        seen++
        const [from, to] = [partOf(file), partOf(target)]
        if (from !== to && !(MAY_IMPORT[from] ?? []).includes(to))
          wrong.push(`${relative(ROOT, file)} -> ${relative(ROOT, target)}`)
      }
    }
    expect(seen).toBeGreaterThan(100)
    expect(wrong).toEqual([])
  })

  it('the client loads nothing but itself: of others it knows types', () => {
    const client = sources.filter((file) => partOf(file) === 'client')
    const loads = /^(?:import\s+(?!type\b)|export\s+(?=[{*]))(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm
    const loaded = client.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(loads)]
        .filter(([, path]) => !path!.startsWith('./'))
        .map(([, path]) => `${relative(SRC, file)} -> ${path}`),
    )
    expect(client.length).toBeGreaterThan(5)
    expect(loaded).toEqual([])
  })

  it('no file imports itself in a circle', () => {
    const state = new Map<string, 'open' | 'done'>()
    const circles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].map((one) => relative(SRC, one)).join(' -> '))
        return
      }
      state.set(file, 'open')
      for (const target of importsOf(file)) visit(target, [...path, file])
      state.set(file, 'done')
    }
    for (const file of sources) visit(file, [])
    expect(circles).toEqual([])
  })

  it('adapters of one store do not know those of another', () => {
    const folder = (file: string) => relative(SRC, file).split('/').slice(0, 2).join('/')
    // What both LMDB adapters stand on.
    const common = ['stores/lmdb']
    const wrong = sources
      .filter((file) => partOf(file) === 'adapters')
      .flatMap((file) => importsOf(file).map((target) => [file, target] as const))
      .filter(
        ([file, target]) =>
          partOf(target) === 'adapters' && folder(file) !== folder(target) && !common.includes(folder(target)),
      )
      .map(([file, target]) => `${relative(ROOT, file)} -> ${relative(ROOT, target)}`)
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  it('none of src is longer than 350 lines', () => {
    const long = sources
      .filter((file) => readFileSync(file, 'utf8').split('\n').length > 350)
      .map((file) => relative(ROOT, file))
    expect(long).toEqual([])
  })

  it('none is called utils or shared', () => {
    expect(
      sources.map((file) => relative(SRC, file)).filter((file) => /(^|\/)(utils?|shared|helpers?)(\.ts|\/)/.test(file)),
    ).toEqual([])
  })
})
