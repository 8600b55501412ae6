import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestStep {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** Says in a sentence why the step cannot be taken; null: it can. */
  obstacle?(): Promise<string | null>
}

/** Steps that mostly wait: those of one lane are taken one after another, and the lanes beside each other. */
export interface Lanes {
  readonly lanes: readonly (readonly TestStep[])[]
}

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

interface Taken extends Counts {
  readonly after_s: number
}

/**
 * Takes one step after another until one fails: what comes later takes minutes, and whoever has broken the types does not want to
 * wait for it. Steps that run beside it come to their end. The last line that it says counts the tests of all steps; a step that
 * fails without a failed test is one itself. Answers whether all went well.
 */
export async function takeSteps(steps: readonly (TestStep | Lanes)[], say: (line: string) => void): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-steps-'))
  const taken = new Map<TestStep, Taken>()
  const hasFailed = () => [...taken.values()].some(({ failed }) => failed > 0)
  const takeLane = async (lane: readonly TestStep[], isAlone: boolean): Promise<void> => {
    for (const step of lane) if (!hasFailed()) taken.set(step, await take(step, folder, isAlone, say))
  }
  const lanesOf = (step: TestStep | Lanes) => ('lanes' in step ? step.lanes : [[step]])
  try {
    for (const step of steps) {
      const lanes = lanesOf(step)
      await Promise.all(lanes.map((lane) => takeLane(lane, lanes.length === 1)))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  const told = steps
    .flatMap((step) => lanesOf(step).flat())
    .map((step) => {
      const outcome = taken.get(step)
      if (outcome === undefined) return `${step.name} was not run`
      return `${step.name} ${outcome.failed > 0 ? 'failed' : 'passed'} after ${outcome.after_s} s`
    })
  say(told.join(', '))
  const total = sumOf([...taken.values()])
  say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed === 0
}

async function take(step: TestStep, folder: string, isAlone: boolean, say: (line: string) => void): Promise<Taken> {
  const begun = performance.now()
  const obstacle = (await step.obstacle?.()) ?? null
  if (obstacle !== null) say(`${step.name}: ${obstacle}`)
  const countsFile = join(folder, `${step.name}.counts`)
  const run = isAlone ? runHere : runAside
  const isWell = obstacle === null && (await run(step, countsFile, say))
  const counts = countsIn(countsFile)
  return {
    ...counts,
    failed: isWell ? counts.failed : Math.max(1, counts.failed),
    after_s: Math.round((performance.now() - begun) / 1_000),
  }
}

/** Runs a step where this process speaks; answers whether it ended well. */
function runHere({ command: [program, ...args] }: TestStep, countsFile: string): Promise<boolean> {
  return ended(spawn(program, args, { stdio: 'inherit', env: environment(countsFile) }))
}

/** Runs a step beside others, and says what it wrote when it has ended: what several write at the same time nobody can read. */
async function runAside(step: TestStep, countsFile: string, say: (line: string) => void): Promise<boolean> {
  const { name, command } = step
  const [program, ...args] = command
  say(`${name}: begun; what they say is shown when they have ended`)
  const outputFile = `${countsFile}.output`
  const output = openSync(outputFile, 'w')
  const isWell = await ended(spawn(program, args, { stdio: ['ignore', output, output], env: environment(countsFile) }))
  closeSync(output)
  say(`--- ${name}\n${readFileSync(outputFile, 'utf8').trimEnd()}\n--- end of ${name}`)
  return isWell
}

const environment = (countsFile: string) => ({ ...process.env, TEST_COUNTS_FILE: countsFile })

async function ended(child: ChildProcess): Promise<boolean> {
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
  return sumOf(lines.map((line) => JSON.parse(line) as Counts))
}

function sumOf(all: readonly Counts[]): Counts {
  const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}
