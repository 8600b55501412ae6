import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasProgram } from '../servers/debian-package.ts'
import { PROGRAMS_FOLDER } from '../servers/place.ts'
import { inTurn } from '../servers/turn.ts'

const run = promisify(execFile)

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')

/** Packages that are loaded; the index may be slow. */
const INSTALL_MS_MAX = 300_000

/** Says in a sentence why there can be no schemathesis here; null where there can. */
export async function pythonMissing(): Promise<string | null> {
  if (await hasProgram('python3')) return null
  return 'Python 3.11 or newer with its venv is missing: run scripts/services install, which gets all that the tests need'
}

/**
 * The command line that begins it, from an environment of its own that is kept for the versions in requirements.txt and this Python. Made where it is not
 * there yet. Throws a sentence where it cannot be made.
 */
export async function schemathesisProgram(): Promise<readonly [python: string, script: string]> {
  const obstacle = await pythonMissing()
  if (obstacle !== null) throw new Error(obstacle)
  const { stdout: version } = await run('python3', ['-VV'])
  const hash = createHash('sha256').update(version).update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)
  const folder = join(PROGRAMS_FOLDER, 'schemathesis', hash)
  // Written last: what was broken off is made anew.
  const whole = join(folder, 'whole')
  await inTurn(folder, async () => {
    if (existsSync(whole)) return
    rmSync(folder, { recursive: true, force: true })
    try {
      await run('python3', ['-m', 'venv', folder])
      const pip = join(folder, 'bin/python')
      await run(pip, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', REQUIREMENTS], {
        timeout: INSTALL_MS_MAX,
      })
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      throw new Error(`schemathesis could not be installed by pip: ${text.slice(-500)}`)
    }
    writeFileSync(whole, '')
  })
  // The script's own first line names the place where it was made, and a checkout may be moved.
  return [join(folder, 'bin/python'), join(folder, 'bin/schemathesis')]
}
