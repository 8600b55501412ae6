import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DevServer } from './dev-server.ts'
import { schemathesisProgram } from './venv.ts'

// npm run test:api: schemathesis holds a running `millrace dev` to its own /openapi.json. Takes about a minute.

/** A run that takes longer hangs. */
const RUN_MS_MAX = 600_000

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Some payments of the last day, so that values are not all of nothing. */
async function send(url: string): Promise<void> {
  const now_ms = Date.now()
  const events = Array.from({ length: 200 }, (_, i) => ({
    id: `p${i}`,
    occurred_at: new Date(now_ms - i * 400_000).toISOString(),
    updated_at: i % 3,
    card_id: i % 5 === 0 ? '' : `card-${i % 7}`,
    merchant_id: `merchant-${i % 3}`,
    amount: `${i}.${String((i * 37) % 100).padStart(2, '0')}`,
    status: i % 4 === 0 ? 'declined' : 'approved',
    fraud: i % 11 === 0 ? true : null,
  }))
  const response = await fetch(`${url}/v1/sources/payments/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  })
  const { accepted } = (await response.json()) as { accepted?: number }
  if (accepted !== events.length) throw new Error(`${response.status}: ${accepted} of ${events.length} were taken`)
}

/** Runs it where this process speaks; answers its exit code. */
async function run(program: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'hooks.py') },
  })
  const kill = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(kill)
  return code
}

/** The operations that were tried, as its report in JUnit's form counts them. */
function countsOf(report: string): Counts {
  const suite = existsSync(report) ? (/<testsuite [^>]*>/.exec(readFileSync(report, 'utf8'))?.[0] ?? '') : ''
  const count = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0)
  const [failed, skipped] = [count('failures') + count('errors'), count('skipped')]
  return { passed: count('tests') - failed - skipped, failed, skipped }
}

async function operationsOf(url: string): Promise<number> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> }
  return Object.values(paths).reduce((total, methods) => total + Object.keys(methods).length, 0)
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-api-'))
const report = join(folder, 'report.xml')
let server: DevServer | null = null
try {
  const [python, script] = await schemathesisProgram()
  server = await DevServer.start(join(folder, 'data'))
  const { url } = server
  await send(url)
  const operations = await operationsOf(url)
  const config = join(import.meta.dirname, 'schemathesis.toml')
  const options = ['--url', url, '--no-color', '--report', 'junit', '--report-junit-path', report]
  const code = await run(python, [script, '--config-file', config, 'run', ...options, `${url}/openapi.json`])
  const counts = countsOf(report)
  // A run that tried nothing, or after which the server is gone, has not passed.
  const troubles = [
    ...(code === 0 ? [] : [`schemathesis ended with ${code}`]),
    ...(counts.passed + counts.failed < operations ? [`${counts.passed} of ${operations} operations were tried`] : []),
    ...(server.isRunning ? [] : ['millrace dev has ended']),
  ]
  for (const trouble of troubles) process.stdout.write(`${trouble}\n`)
  const failed = troubles.length > 0 ? Math.max(1, counts.failed) : counts.failed
  const { TEST_COUNTS_FILE: file } = process.env
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ ...counts, failed })}\n`)
  process.stdout.write(`${counts.passed} passed, ${failed} failed\n`)
  if (failed > 0) process.exitCode = 1
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  await server?.stop()
  rmSync(folder, { recursive: true })
}
