import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPackage, packFolder } from '../../scripts/package/build-package.ts'
import { PageSession } from '../docs/page-session.ts'
import { stepsOf, stepTitle, take } from '../docs/page-steps.ts'

/** The quick start as a reader follows it, with the package that npm installs. */
const steps = stepsOf('docs/start/quick-start.md')

let folder: string
let session: PageSession
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
  const built = join(folder, 'package')
  await buildPackage(built)
  session = new PageSession({ tarball: await packFolder(built, folder) })
})
afterAll(async () => {
  await session?.end()
  rmSync(folder, { recursive: true, force: true })
})

let failed = false
it.each(steps.map((step) => [stepTitle(step), step] as const))('%s', async (_, step) => {
  // A step stands on all before it.
  expect(failed).toBe(false)
  failed = true
  await take(session, step)
  failed = false
})
