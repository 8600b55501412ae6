import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageName, projectFiles } from '../../src/cli/init/project-files.ts'
import { SAMPLE_PAYMENTS, samplePayments } from '../../src/cli/init/sample-payments.ts'
import { assertFree, inTheWay } from '../../src/cli/init/write-project.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MODULES = realpathSync(join(ROOT, 'node_modules'))

let folder: string
beforeAll(() => {
  // As the system knows it: some link their folder of temporary files.
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-test-')))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function node(cwd: string, script: string, ...args: string[]): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: '1', CI: '1' }
  return new Promise((done) => {
    const child = execFile(process.execPath, [script, ...args], { cwd, env }, (_, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    )
  })
}

const millrace = (cwd: string, ...args: string[]) => node(cwd, join(ROOT, 'bin/millrace.js'), ...args)
const files = projectFiles({ name: 'fraud', version: '9.9.9', dependency: '9.9.9', now_ms: Date.UTC(2026, 0, 9) })

describe('a new project', () => {
  let project: string
  beforeAll(async () => {
    project = join(folder, 'Fraud features')
    const made = await millrace(folder, 'init', 'Fraud features', '--json')
    expect(made.stderr).toBe('')
    expect(JSON.parse(made.stdout)).toEqual({
      folder: 'Fraud features',
      name: 'fraud-features',
      written: true,
      files: files.map(({ path }) => path),
    })
    // A checkout says where it is: its version may not be published.
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      dependencies: { millrace: string }
      devDependencies: Record<string, string>
    }
    const linked = /^file:(.+)$/.exec(dependencies.millrace)?.[1] ?? ''
    expect(resolve(project, linked)).toBe(ROOT)
    // In place of npm install.
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true })
    symlinkSync(ROOT, join(project, 'node_modules/millrace'))
    // What it depends on itself, and nothing else: of a checkout that is linked, npm brings nothing along.
    for (const name of Object.keys(devDependencies)) {
      symlinkSync(join(MODULES, name), join(project, 'node_modules', name))
    }
  })

  it('is right by its own check, with no warning', async () => {
    expect(await millrace(project, 'check')).toEqual({
      code: 0,
      stdout: '4 files: 1 source, 2 groups with 9 features, 1 service; 0 errors, 0 warnings\n',
      stderr: '',
    })
  })

  it('is right by the compiler', async () => {
    expect(await node(project, join(MODULES, 'typescript/bin/tsc'))).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('passes its own tests', async () => {
    const { code, stdout } = await node(project, join(MODULES, 'vitest/vitest.mjs'), 'run')
    expect(stdout).toContain('3 passed')
    expect(code).toBe(0)
  })

  it('has what tests under the runner of Node need, too', async () => {
    const text = readFileSync(join(project, 'test/velocity.test.ts'), 'utf8')
    expect(text).toContain("from 'vitest'")
    const tests = join(project, 'test/velocity.node.ts')
    writeFileSync(tests, text.replace("from 'vitest'", "from 'node:test'"))
    const { code, stdout } = await node(project, '--import', 'tsx', '--test', '--test-reporter=tap', tests)
    rmSync(tests)
    expect(stdout).toMatch(/^# pass 3$/m)
    expect(code).toBe(0)
  })

  it('does what its README.md says, with the sample data', async () => {
    const readme = readFileSync(join(project, 'README.md'), 'utf8')
    const [, steps] = /## See it work[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)!
    const lines = steps!.split('\n').map((line) => line.replace(/#.*/, '').trim())
    const commands = lines.filter((line) => line.startsWith('npx millrace ')).map((line) => line.split(' ').slice(2))
    expect(commands.map(([name]) => name)).toEqual(['ingest', 'backfill', 'get', 'events', 'catalogue'])
    const ended: Ended[] = []
    for (const args of commands) ended.push(await millrace(project, ...args, '--json'))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    expect(JSON.parse(ended[0]!.stdout)).toMatchObject({ accepted: SAMPLE_PAYMENTS, rejected: 0 })
    const vector = JSON.parse(ended[2]!.stdout) as { features: Record<string, number | null> }
    // Nothing of the example is empty.
    for (const [name, value] of Object.entries(vector.features)) expect([name, value]).not.toEqual([name, null])
    expect(vector.features.card_velocity__tx_count_7d).toBeGreaterThan(5)
    expect(vector.features.merchant_risk__fraud_rate_7d_delayed_1d).toBeGreaterThan(0)
  })

  it('has servers of its own configured, and uses them where it is told to', async () => {
    const status = await millrace(project, 'check', '--json')
    expect(JSON.parse(status.stdout)).toMatchObject({ ok: true })
    const config = readFileSync(join(project, 'millrace.config.ts'), 'utf8')
    const compose = readFileSync(join(project, 'docker-compose.yml'), 'utf8')
    for (const port of ['6379', '9092', '8123']) {
      expect(config).toContain(`127.0.0.1:${port}`)
      expect(compose).toContain(`127.0.0.1:${port}`)
    }
  })
})

describe('what is there stays as it is', () => {
  it('a file in the way is named, and nothing is written', async () => {
    const taken = join(folder, 'taken')
    mkdirSync(join(taken, 'feature-defs'), { recursive: true })
    writeFileSync(join(taken, 'README.md'), 'mine')
    writeFileSync(join(taken, 'feature-defs/payments.ts'), 'mine')
    expect(await millrace(folder, 'init', 'taken')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'millrace init: 2 files are in the way, and nothing was written: README.md, feature-defs/payments.ts; ' +
        'move them, or give another folder: millrace init <folder>\n',
    })
    expect(readdirSync(taken, { recursive: true }).sort()).toEqual([
      'README.md',
      'feature-defs',
      'feature-defs/payments.ts',
    ])
    expect(readFileSync(join(taken, 'README.md'), 'utf8')).toBe('mine')
  })

  it('other files and folders are no hindrance, a link is one, and so is a file in place of a folder', () => {
    const some = join(folder, 'some')
    mkdirSync(join(some, 'real'), { recursive: true })
    writeFileSync(join(some, 'notes.txt'), '')
    symlinkSync('real', join(some, 'feature-defs'))
    expect(inTheWay(some, files)).toEqual([])
    symlinkSync('nowhere', join(some, 'package.json'))
    writeFileSync(join(some, 'data'), '')
    expect(inTheWay(some, files)).toEqual(['data', 'package.json'])
    expect(() => assertFree(join(some, 'notes.txt'), files)).toThrow(
      expect.objectContaining({ message: `'${join(some, 'notes.txt')}' is a file`, exitCode: 2 }),
    )
    expect(() => assertFree(join(some, 'notes.txt/deep/er'), files)).toThrow(
      expect.objectContaining({ message: `'${join(some, 'notes.txt')}' is a file`, exitCode: 2 }),
    )
    expect(() => assertFree(join(some, 'new/deep'), files)).not.toThrow()
  })

  it.each([
    ['plain', 'cd plain'],
    ["Ann's own features", "cd 'Ann'\\''s own features'"],
    ['--odd', 'cd ./--odd'],
  ])("what to do next with '%s' is as a shell takes it", async (name, line) => {
    const { stdout } = await millrace(folder, 'init', '--', name)
    expect(stdout).toContain(`\n  ${line}\n`)
  })

  it('--dry-run writes nothing', async () => {
    const { code, stdout } = await millrace(folder, 'init', 'dry', '--dry-run', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ name: 'dry', written: false })
    expect(existsSync(join(folder, 'dry'))).toBe(false)
  })
})

describe('the files', () => {
  it('name packages as this project has them', () => {
    const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    const made = JSON.parse(files.find(({ path }) => path === 'package.json')!.text) as {
      name: string
      dependencies: object
      devDependencies: Record<string, string>
    }
    expect([made.name, made.dependencies]).toEqual(['fraud', { millrace: '9.9.9' }])
    for (const [name, wanted] of Object.entries(made.devDependencies)) {
      expect({ ...own.dependencies, ...own.devDependencies }[name]).toBe(wanted)
    }
  })

  it('have the servers of this project', () => {
    const own = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')
    expect(files.find(({ path }) => path === 'docker-compose.yml')!.text).toBe(own)
  })

  it('leave no word unfilled', () => {
    for (const { path, text } of files) expect([path, /\{\{|undefined/.exec(text)]).toEqual([path, null])
  })

  it('have the same payments for the same instant, none of them later', () => {
    const now_ms = Date.UTC(2026, 0, 9)
    expect(samplePayments(now_ms)).toBe(samplePayments(now_ms))
    const times = samplePayments(now_ms)
      .trim()
      .split('\n')
      .map((line) => Date.parse((JSON.parse(line) as { occurred_at: string }).occurred_at))
    expect(times).toHaveLength(SAMPLE_PAYMENTS)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.at(-1)).toBeLessThan(now_ms)
  })

  it.each([
    ['fraud', 'fraud'],
    ['Fraud Features', 'fraud-features'],
    ['.hidden_', 'hidden'],
    ['', 'fraud-features'],
    ['millrace', 'fraud-features'],
  ])("a folder '%s' makes a package '%s'", (name, wanted) => {
    expect(packageName(name)).toBe(wanted)
  })
})
