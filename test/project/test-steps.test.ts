import { describe, expect, it } from 'vitest'
import { type TestStep, takeSteps } from '../../scripts/test-steps.ts'

type Counts = readonly [passed: number, failed: number, skipped: number]

/** A step that counts so many tests, as test/closing-line.ts does, and ends with this code. */
function step(name: string, runs: readonly Counts[], code: number): TestStep {
  const lines = runs.map(([passed, failed, skipped]) => `${JSON.stringify({ passed, failed, skipped })}\n`)
  const script = `require('node:fs').appendFileSync(process.env.TEST_COUNTS_FILE, ${JSON.stringify(lines.join(''))}); process.exit(${code})`
  return { name, command: [process.execPath, '-e', lines.length === 0 ? `process.exit(${code})` : script] }
}

async function taken(...steps: readonly TestStep[]): Promise<{ isWell: boolean; said: string[] }> {
  const said: string[] = []
  const isWell = await takeSteps(steps, (line) => said.push(line))
  return { isWell, said: said.map((line) => line.replace(/after \d+ s/g, 'after some time')) }
}

describe('the steps of npm test', () => {
  it('are taken one after another, and counted together', async () => {
    expect(
      await taken(
        step('a', [], 0),
        step('b', [[3, 0, 1]], 0),
        step(
          'c',
          [
            [4, 0, 0],
            [2, 0, 5],
          ],
          0,
        ),
      ),
    ).toEqual({
      isWell: true,
      said: [
        'a passed after some time, b passed after some time, c passed after some time',
        '9 passed, 0 failed, 6 skipped',
      ],
    })
  })

  it.each<[string, TestStep, number]>([
    ['without a test', step('b', [], 1), 1],
    ['by its tests', step('b', [[3, 2, 0]], 1), 2],
    ['though all its tests passed', step('b', [[3, 0, 0]], 7), 1],
    ['though its code is 0', step('b', [[3, 2, 0]], 0), 2],
    ['by a signal', { name: 'b', command: [process.execPath, '-e', "process.kill(process.pid, 'SIGKILL')"] }, 1],
    ['as its program is not there', { name: 'b', command: ['/nowhere/program'] }, 1],
  ])('end with one that fails %s', async (_, failing, failed) => {
    const { isWell, said } = await taken(step('a', [[5, 0, 0]], 0), failing, step('c', [[9, 0, 0]], 0))
    expect(isWell).toBe(false)
    expect(said[0]).toBe('a passed after some time, b failed after some time, c was not run')
    expect(said.at(-1)).toMatch(new RegExp(`^(5|8) passed, ${failed} failed, 0 skipped$`))
  })

  it('end with one that cannot be taken, and the reason', async () => {
    const hindered = { ...step('b', [[9, 0, 0]], 0), obstacle: async () => 'no server: install one' }
    expect(await taken(step('a', [[5, 0, 0]], 0), hindered)).toEqual({
      isWell: false,
      said: [
        'b: no server: install one',
        'a passed after some time, b failed after some time',
        '5 passed, 1 failed, 0 skipped',
      ],
    })
  })
})
