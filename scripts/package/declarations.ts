import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** What a declaration file imports of its own package. The compiler leaves these paths as the sources have them. */
const OWN_IMPORT = /((?:from |import\()['"])(\.{1,2}\/[^'"]+)\.ts(['"])/g

/** A line of a docstring, whose examples import files of users. */
const COMMENT = /^\s*(\/\*)?\*/

/**
 * Keeps of a compiled folder the declaration files that the entries lead to, with the paths of JavaScript, which every compiler
 * understands; nobody can import the others. Throws where one leads to nothing.
 */
export function keepReachableDeclarations(folder: string, entries: readonly string[]): void {
  const kept = new Set<string>()
  const keep = (file: string, from: string): void => {
    if (kept.has(file)) return
    if (!existsSync(file)) throw new Error(`${relative(folder, from)} imports ${relative(folder, file)}: no such file`)
    kept.add(file)
    const lines = readFileSync(file, 'utf8').split('\n')
    const imported: string[] = []
    const compiled = lines.map((line) => {
      if (COMMENT.test(line)) return line
      imported.push(...[...line.matchAll(OWN_IMPORT)].map(([, , path]) => path!))
      return line.replace(OWN_IMPORT, '$1$2.js$3')
    })
    writeFileSync(file, compiled.join('\n'))
    for (const path of imported) keep(resolve(dirname(file), `${path}.d.ts`), file)
  }
  for (const entry of entries) keep(entry, entry)
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, path)
    if (file.endsWith('.d.ts') && !kept.has(file)) rmSync(file)
  }
}
