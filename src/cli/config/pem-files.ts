import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { shownValue } from './shown-value.ts'

const PEM = '-----BEGIN '

interface Pems {
  ca?: string | undefined
  cert?: string | undefined
  key?: string | undefined
}

/** Puts the texts of PEM files in the place of their paths, which are seen from `folder`. Answers what is wrong, as sentences. */
export function readPemFiles(pems: Pems, path: string, folder: string, where: (path: string) => string): string[] {
  const problems: string[] = []
  for (const name of ['ca', 'cert', 'key'] as const) {
    const value = pems[name]
    if (value === undefined || value.includes(PEM)) continue
    const shown = `${where(`${path}.${name}`)}: ${shownValue([path, name], value)}`
    try {
      const text = readFileSync(resolve(folder, value), 'utf8')
      if (text.includes(PEM)) pems[name] = text
      else problems.push(`${shown} is a file without PEM; give one that has a line -----BEGIN ...`)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      problems.push(`${shown} is neither PEM nor a file that can be read (${code}); give one of them`)
    }
  }
  return problems
}
