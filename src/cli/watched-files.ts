import { readFileSync, statSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { definitionFiles } from './definition-files.ts'
import { counted } from './output.ts'

/** What a file imports from its own project: packages do not change while one writes definitions. */
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]+)\1/g

/** What a path may stand for, as Node and tsx find it. */
const CANDIDATES: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}.ts`,
  (path) => path.replace(/\.js$/, '.ts'),
  (path) => path.replace(/\.mjs$/, '.mts'),
  (path) => `${path}/index.ts`,
  (path) => `${path}.mts`,
  (path) => `${path}.js`,
  (path) => `${path}.mjs`,
]

/** The files of a folder of definitions, and all that they import of the project, by absolute paths. */
export class WatchedFiles {
  readonly #folder: string
  readonly #others: readonly string[]
  /** By file, as it was read last. */
  readonly #known = new Map<string, { readonly stamp: string; readonly imports: readonly string[] }>()

  /** `others`: files that are watched besides, be they there or not. */
  constructor(folder: string, others: readonly string[] = []) {
    this.#folder = folder
    this.#others = others.map((path) => resolve(path))
  }

  /** A stamp of each file, which is another one as soon as the file changes. A file that changed is read, the others are not. */
  stamps(): Map<string, string> {
    const found = new Map<string, string>()
    const waiting = [...this.#definitions(), ...this.#others]
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (found.has(path)) continue
      const stamp = stampOf(path)
      if (stamp === null) continue
      found.set(path, stamp)
      waiting.push(...this.#imports(path, stamp))
    }
    for (const path of this.#known.keys()) if (!found.has(path)) this.#known.delete(path)
    return found
  }

  #definitions(): string[] {
    try {
      return definitionFiles(this.#folder).map((path) => resolve(path))
    } catch {
      // There is none, or none yet: the check says so.
      return []
    }
  }

  #imports(path: string, stamp: string): readonly string[] {
    const known = this.#known.get(path)
    if (known?.stamp === stamp) return known.imports
    const imports = /\.m?[jt]s$/.test(path) ? importsOf(path) : []
    this.#known.set(path, { stamp, imports })
    return imports
  }
}

/**
 * How often the files are looked at. By their times, not by the system's notices, which differ from system to system, and are lost on mounted
 * folders. A change is taken up when nothing changes for one such pause, so that an editor that saves many files is waited for.
 */
const LOOK_MS = 200

/** The files that changed, each time that some did, until the signal says stop. `before`: as they were last. */
export async function* changesOf(
  files: WatchedFiles,
  before: ReadonlyMap<string, string>,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  try {
    for (let known = before; ; ) {
      await sleep(LOOK_MS, null, { signal })
      let stamps = files.stamps()
      if (changedFiles(known, stamps).length === 0) continue
      for (;;) {
        await sleep(LOOK_MS, null, { signal })
        const now = files.stamps()
        if (changedFiles(stamps, now).length === 0) break
        stamps = now
      }
      const changed = changedFiles(known, stamps)
      known = stamps
      if (changed.length > 0) yield changed
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** What changed, for people: the one file, or how many. */
export function changedText(changed: readonly string[]): string {
  return changed.length === 1 ? relative(process.cwd(), changed[0]!) : counted(changed.length, 'file')
}

/** What is another one in two walks over the files: added, changed or gone. */
export function changedFiles(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const changed = [...after].filter(([path, stamp]) => before.get(path) !== stamp).map(([path]) => path)
  return [...changed, ...[...before.keys()].filter((path) => !after.has(path))].sort()
}

function importsOf(path: string): string[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return []
  }
  // Of a file that is not there yet all candidates are watched: it may come.
  return [...text.matchAll(IMPORT)].flatMap(([, , specifier]) => {
    const target = resolve(dirname(path), specifier!)
    const all = CANDIDATES.map((candidate) => candidate(target))
    const there = all.find((one) => stampOf(one) !== null)
    return there === undefined ? all : [there]
  })
}

function stampOf(path: string): string | null {
  try {
    const stat = statSync(path)
    return stat.isFile() ? `${stat.ino}/${stat.mtimeMs}/${stat.size}` : null
  } catch {
    // It is not there, or may not be seen: either may change.
    return null
  }
}
