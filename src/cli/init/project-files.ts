import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { SAMPLE_PAYMENTS, samplePayments, scoredPayment } from './sample-payments.ts'

/** A file of a new project. */
export interface ProjectFile {
  /** Within the project, with slashes. */
  readonly path: string
  readonly text: string
}

export interface ProjectOptions {
  /** As npm takes it. */
  readonly name: string
  /** Of millrace. */
  readonly version: string
  /** Where npm gets millrace from: a version, or `file:../millrace`. */
  readonly dependency: string
  /** Wall clock: the sample data ends there. */
  readonly now_ms: number
}

/** What the files are kept under; npm leaves some out of packages by their real names. */
const ENDING = '.template'
const FOLDER = join(import.meta.dirname, 'project')
const HIDDEN = new Set(['gitignore'])

/** Every file of a new project, in the order of their paths. */
export function projectFiles({ name, version, dependency, now_ms }: ProjectOptions): ProjectFile[] {
  const words: Readonly<Record<string, string>> = { name, version, dependency, events: String(SAMPLE_PAYMENTS) }
  const templates = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(ENDING))
  const written = templates.map((template) => {
    const path = template.slice(0, -ENDING.length).split(sep).join('/')
    const text = readFileSync(join(FOLDER, template), 'utf8')
    return {
      path: HIDDEN.has(path) ? `.${path}` : path,
      text: text.replace(/\{\{(\w+)\}\}/g, (_, word: string) => words[word]!),
    }
  })
  return [
    ...written,
    { path: 'data/payments.ndjson', text: samplePayments(now_ms) },
    { path: 'data/payment.json', text: scoredPayment(now_ms) },
  ].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A folder's name as npm takes it for a package. */
export function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '')
  // A package cannot depend on one of its own name.
  return name === '' || name === 'millrace' ? 'fraud-features' : name
}
