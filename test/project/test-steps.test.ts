import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Lanes, type TestStep, takeSteps } from '../../scripts/test-steps.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'

type Counts = readonly [passed: number, failed: number, skipped: number]

/** A step that counts so many tests, as test/closing-line.ts does, and ends with this code. */
function step(name: string, runs: readonly Counts[], code: number): TestStep {
  const lines = runs.map(([passed, failed, skipped]) => `${JSON.stringify({ passed, failed, skipped })}\n`)
  const script = `require('node:fs').appendFileSync(process.env.TEST_COUNTS_FILE, ${JSON.stringify(lines.join(''))}); process.exit(${code})`
  return { name, command: [process.execPath, '-e', lines.length === 0 ? `process.exit(${code})` : script] }
}

async function taken(...steps: readonly (TestStep | Lanes)[]): Promise<{ isWell: boolean; said: string[] }> {
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

  describe('beside each other', () => {
    /** A step that ends once a file is there, which another leaves. */
    const waiting = (name: string, folder: string, code: number): TestStep => {
      const wait = `while (!existsSync(${JSON.stringify(join(folder, 'there'))})) {}`
      const script = `const { existsSync } = require('node:fs'); ${wait} console.log('${name} speaks'); console.error('twice'); process.exit(${code})`
      return { name, command: [process.execPath, '-e', script] }
    }
    const freeing = (name: string, folder: string, code: number): TestStep => {
      const script = `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'there'))}, ''); process.exit(${code})`
      return { name, command: [process.execPath, '-e', script] }
    }
    let folder: Awaited<ReturnType<typeof temporaryFolder>>
    beforeEach(async () => {
      folder = await temporaryFolder()
    })
    afterEach(() => folder.remove())

    it('run at the same time, lane by lane, and are shown whole and counted together', async () => {
      const lanes = [[waiting('a', folder.path, 0), step('b', [[2, 0, 1]], 0)], [freeing('c', folder.path, 0)]]
      const { isWell, said } = await taken({ lanes }, step('d', [[3, 0, 0]], 0))
      expect(isWell).toBe(true)
      expect(said.slice(0, 2).map((line) => line.split(':')[0])).toEqual(['a', 'c'])
      expect(said).toContain('--- a\na speaks\ntwice\n--- end of a')
      expect(said.slice(-2)).toEqual([
        'a passed after some time, b passed after some time, c passed after some time, d passed after some time',
        '5 passed, 0 failed, 1 skipped',
      ])
    })

    it('come to their end where one of them fails, and no other begins', async () => {
      const lanes = [
        [waiting('a', folder.path, 3), step('b', [[2, 0, 0]], 0)],
        [freeing('c', folder.path, 1), step('d', [], 0)],
      ]
      const { isWell, said } = await taken({ lanes }, step('e', [[3, 0, 0]], 0))
      expect(isWell).toBe(false)
      expect(said).toContain('--- a\na speaks\ntwice\n--- end of a')
      expect(said.slice(-2)).toEqual([
        'a failed after some time, b was not run, c failed after some time, d was not run, e was not run',
        '0 passed, 2 failed, 0 skipped',
      ])
    })
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
