import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { aggregatesPage } from './reference/aggregates-page.ts'
import { commandsPage } from './reference/commands-page.ts'
import { configurationPage } from './reference/configuration-page.ts'
import { errorsPage } from './reference/errors-page.ts'
import { httpPage } from './reference/http-page.ts'
import { metricsPage } from './reference/metrics-page.ts'

/*
 * Writes the pages of docs/reference that are made from the code:
 *
 *   node --import tsx scripts/reference.ts
 */

export const REFERENCE = resolve(import.meta.dirname, '../docs/reference')

/** The pages, by name of the file, as they are now. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['aggregates.md', aggregatesPage()],
    ['commands.md', await commandsPage()],
    ['configuration.md', configurationPage()],
    ['errors.md', errorsPage()],
    ['http.md', await httpPage()],
    ['metrics.md', metricsPage()],
  ])
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, text] of await referencePages()) {
    const file = resolve(REFERENCE, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  // What loads definitions keeps a thread of hooks.
  process.exit(0)
}
