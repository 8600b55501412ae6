import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Another apt may be running on this machine. */
const APT_LOCK_SECONDS = 120

/** What the servers and the tests need, as Debian has it: how it is asked for its version, and its package. */
const PROGRAMS = {
  java: { version: '-version', package: 'openjdk-17-jre-headless' },
  mvn: { version: '-v', package: 'maven' },
  // With what makes environments of its own, which Debian has apart.
  python3: { version: '-cimport sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))', package: 'python3-venv' },
  openssl: { version: 'version', package: 'openssl' },
  'redis-server': { version: '--version', package: 'redis-server' },
} as const

export type Program = keyof typeof PROGRAMS

/** Makes sure that a program is there, by apt-get, as root or by sudo. Throws a sentence where it cannot be had. */
export async function installProgram(program: Program): Promise<void> {
  if (await hasProgram(program)) return
  const apt = ['apt-get', '-y', '-o', `DPkg::Lock::Timeout=${APT_LOCK_SECONDS}`]
  const [command, ...args] = process.getuid?.() === 0 ? apt : ['sudo', '-n', ...apt]
  const install = [...args, 'install', '--no-install-recommends', PROGRAMS[program].package]
  // Runlevel 1: no server of the package's own is started.
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' } }
  try {
    await run(command!, install, environment).catch(async () => {
      await run(command!, [...args, 'update'], environment)
      await run(command!, install, environment)
    })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new Error(`${program} is not here and could not be installed by apt-get: ${text.slice(0, 500)}`)
  }
  if (!(await hasProgram(program))) throw new Error(`${program} was installed by apt-get, but does not run`)
}

export async function hasProgram(program: Program): Promise<boolean> {
  try {
    await run(program, [PROGRAMS[program].version])
    return true
  } catch {
    return false
  }
}
