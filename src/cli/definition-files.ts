import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from './usage-error.ts'

const DEFINITION_FILE = /\.(ts|mts|js|mjs)$/

/** Files beside definitions that hold none: tests, and types only. */
const OTHER_FILE = /\.(test|spec|d)\.(ts|mts|js|mjs)$/

/** The files of definitions in a folder and its sub-folders, in the order of their names. Throws a UsageError. */
export function definitionFiles(folder: string): string[] {
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (stat === undefined) {
    throw new UsageError(`--defs: there is no folder '${folder}'`, 'give the folder of your definition files')
  }
  if (!stat.isDirectory()) throw new UsageError(`--defs: '${folder}' is a file`, 'give the folder that it lies in')
  const files = filesOf(folder).sort()
  if (files.length > 0) return files
  const cure = 'add a .ts file that exports source(), entity(), featureGroup() and featureService()'
  throw new UsageError(`--defs: '${folder}' has no definition files`, cure)
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesOf(path)
    return DEFINITION_FILE.test(entry.name) && !OTHER_FILE.test(entry.name) ? [path] : []
  })
}
