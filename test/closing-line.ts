import { appendFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one plain line: how many tests passed and failed. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    const brokenModules = modules.filter((module) => module.errors().length > 0).length
    const [passed, failed, skipped] = [
      count('passed'),
      count('failed') + brokenModules + errors.length,
      count('skipped'),
    ]
    // For whoever adds several runs up.
    const { TEST_COUNTS_FILE: file } = process.env
    if (file !== undefined) appendFileSync(file, `${JSON.stringify({ passed, failed, skipped })}\n`)
    // After the default reporter's own summary.
    process.on('exit', () => {
      process.stdout.write(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`)
    })
  }
}
