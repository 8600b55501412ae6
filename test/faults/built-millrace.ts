import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { buildPackage } from '../../scripts/package/build-package.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/**
 * Builds millrace as users install it, once for all files of a run, which start it some two hundred times: a process of it is ready
 * after two thirds of the work that one of the sources takes. It lies in the project, whose packages it uses.
 */
export default async function build(): Promise<() => Promise<void>> {
  const dist = join(ROOT, 'dist')
  await mkdir(dist, { recursive: true })
  const folder = await mkdtemp(join(dist, 'faults-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await buildPackage(folder)
  } catch (error) {
    await remove()
    throw error
  }
  process.env.FAULTS_BIN = join(folder, 'bin/millrace.js')
  return remove
}
