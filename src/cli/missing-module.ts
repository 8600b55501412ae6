import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Place, pathOf } from './stack-place.ts'

/** A module or a package that an import names and that is not there. */
export interface MissingModule {
  /** Of the import; null where it is not known who imports. */
  readonly place: Place | null
  readonly message: string
  readonly cure: string
}

const IMPORTED = /\b(?:from|import)\s*\(?\s*(['"])(.+?)\1/g

/** What node's `ERR_MODULE_NOT_FOUND` says, with the place that it leaves out: it names the file alone. */
export function missingModule(said: string): MissingModule {
  const [, what = said, importer] = /^(.*?) imported from (.+)$/s.exec(said) ?? []
  const message = what.trim()
  const cure = 'correct the path, or install the package'
  if (importer === undefined) return { place: null, message, cure }
  const path = pathOf(importer)
  const missing = /'(.+)'/.exec(message)?.[1] ?? ''
  const text = textOf(path)
  const names = (name: string): boolean =>
    name.startsWith('.') ? resolve(dirname(path), name) === missing : name === missing || name.startsWith(`${missing}/`)
  const found = [...text.matchAll(IMPORTED)].find(([, , name]) => names(name!))
  if (found === undefined) return { place: { path, line: 0, column: null }, message, cure }
  const [whole, quote, name] = found
  const before = text.slice(0, found.index + whole.lastIndexOf(`${quote}${name}`)).split('\n')
  return { place: { path, line: before.length, column: before.at(-1)!.length + 1 }, message, cure }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
