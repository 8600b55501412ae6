import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestStep {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** Says in a sentence why the step cannot be taken; null: it can. */
  obstacle?(): Promise<string | null>
}

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Takes one step after another until one fails: what comes later takes minutes, and whoever has broken the types does not want to
 * wait for it. The last line that it says counts the tests of all steps; a step that fails without a failed test is one itself.
 * Answers whether all went well.
 */
export async function takeSteps(steps: readonly TestStep[], say: (line: string) => void): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-steps-'))
  const countsFile = join(folder, 'counts')
  let total: Counts = { passed: 0, failed: 0, skipped: 0 }
  const taken: string[] = []
  try {
    for (const step of steps) {
      rmSync(countsFile, { force: true })
      const begun = performance.now()
      const obstacle = (await step.obstacle?.()) ?? null
      if (obstacle !== null) say(`${step.name}: ${obstacle}`)
      const isWell = obstacle === null && (await run(step.command, countsFile))
      const counts = countsIn(countsFile)
      const failed = isWell ? counts.failed : Math.max(1, counts.failed)
      total = {
        passed: total.passed + counts.passed,
        failed: total.failed + failed,
        skipped: total.skipped + counts.skipped,
      }
      taken.push(`${step.name} ${failed > 0 ? 'failed' : 'passed'} after ${seconds(begun)} s`)
      if (failed > 0) break
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  for (const step of steps.slice(taken.length)) taken.push(`${step.name} was not run`)
  say(taken.join(', '))
  say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed === 0
}

/** Runs a command where this process speaks; answers whether it ended well. */
async function run([program, ...args]: TestStep['command'], countsFile: string): Promise<boolean> {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, TEST_COUNTS_FILE: countsFile } })
  // The terminal gives Ctrl-C to the child as well; what there is to say is said once that has ended.
  const wait = () => {}
  const pass = () => child.kill('SIGTERM')
  process.on('SIGINT', wait).on('SIGTERM', pass)
  try {
    const [code] = await once(child, 'exit')
    return code === 0
  } catch {
    return false
  } finally {
    process.off('SIGINT', wait).off('SIGTERM', pass)
  }
}

/** What the test runs of a step counted, all together (test/closing-line.ts writes it). */
function countsIn(file: string): Counts {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  const all = lines.map((line) => JSON.parse(line) as Counts)
  const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}

const seconds = (begun: number) => Math.round((performance.now() - begun) / 1_000)
