import { type ExecFileException, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { buildPackage, packFolder } from '../../scripts/package/build-package.ts'
import { codeBlocks } from '../docs/code-blocks.ts'

export const ROOT = resolve(import.meta.dirname, '../..')

export interface Ended {
  readonly code: number | string | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, whatever that is. */
export function run(cwd: string, program: string, ...args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd, maxBuffer: 2 ** 26 }
    execFile(program, [...args], options, (error: ExecFileException | null, stdout, stderr) =>
      done({ code: error === null ? 0 : (error.code ?? error.signal ?? null), stdout, stderr }),
    )
  })
}

/** Where the definitions are in such a project. */
export const DEFINITIONS = 'node_modules/risk-definitions/feature-defs'

/** A project of a user, far from this one: nothing of its node_modules is near. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))

  write(path: string, text: string): string {
    const file = join(this.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  /** The command as `npx millrace` finds it. */
  millrace(...args: readonly string[]): Promise<Ended> {
    return run(this.folder, join(this.folder, 'node_modules/.bin/millrace'), ...args)
  }

  async install(...tarballs: readonly string[]): Promise<void> {
    this.write('package.json', JSON.stringify({ name: 'scoring', private: true, type: 'module' }))
    const flags = ['--prefer-offline', '--no-audit', '--no-fund']
    const { code, stderr } = await run(this.folder, 'npm', 'install', ...flags, ...tarballs)
    if (code !== 0) throw new Error(`npm install failed: ${stderr}`)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The file of definitions that README.md gives. */
export function readmeDefinitions(): string {
  const found = codeBlocks('README.md').find(({ file }) => file?.startsWith('feature-defs/'))
  if (found === undefined) throw new Error('README.md gives no file of feature-defs/')
  return found.text
}

/** A service that is asked by keys, in a file of its own. */
const PROFILE = `import { featureService } from 'millrace'
import { cardVelocity } from './payments.ts'

export const cardProfile = featureService('card_profile', { features: [cardVelocity] })
`

/**
 * A project that has installed two packages: millrace, and `risk-definitions`, the definitions of README.md and one more as a fraud team
 * publishes them for the teams that score.
 */
export async function scoringProject(): Promise<Project> {
  const packages = new Project()
  const project = new Project()
  try {
    const manifest = {
      name: 'risk-definitions',
      version: '1.0.0',
      type: 'module',
      exports: { './*': './feature-defs/*.ts' },
      peerDependencies: { millrace: '*' },
    }
    packages.write('risk-definitions/package.json', JSON.stringify(manifest))
    packages.write('risk-definitions/feature-defs/payments.ts', readmeDefinitions())
    packages.write('risk-definitions/feature-defs/profile.ts', PROFILE)
    const millrace = join(packages.folder, 'millrace')
    await buildPackage(millrace)
    const folders = [millrace, join(packages.folder, 'risk-definitions')]
    const tarballs = []
    for (const folder of folders) tarballs.push(await packFolder(folder, packages.folder))
    await project.install(...tarballs)
    return project
  } catch (error) {
    project.remove()
    throw error
  } finally {
    packages.remove()
  }
}

export interface Listening {
  readonly url: string
  stop(): Promise<void>
}

/** Starts `millrace dev` there on a free port; resolves when it listens. Throws what it said where it ended before. */
export async function startDev(project: Project, ...args: readonly string[]): Promise<Listening> {
  const bin = join(project.folder, 'node_modules/millrace/bin/millrace.js')
  const child = spawn(process.execPath, [bin, 'dev', '--port', '0', ...args], {
    cwd: project.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  const said: string[] = []
  const url = new Promise<string>((found) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        said.push(line)
        const listens = /listens on (http:\S+?):? /.exec(line)?.[1]
        if (listens !== undefined) found(listens)
      })
    }
  })
  const first = await Promise.race([url, ended.then(() => null)])
  if (first === null) throw new Error(`millrace dev ended: ${said.join('\n')}`)
  return {
    url: first,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
