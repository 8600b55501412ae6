import { expect, it } from 'vitest'
import { Installation, type InstallationOptions } from './installation.ts'

/** The long form breaks the same things more often, and for longer. */
export const LONG = process.env.FAULTS === 'long'

/** Wrong values that a failure shows. */
const WRONG_SHOWN = 6
const LINES_SHOWN = 25

/** How often something is done, in the short form and in the long one. */
export function times(short: number, long: number): number {
  return LONG ? long : short
}

/**
 * A test with an installation of its own. Whatever `play` does, no value with status ok may be wrong at any moment; after it,
 * traffic ends and all must be ok and equal. Prints one line about what was judged.
 */
export function scenario(
  title: string,
  options: InstallationOptions,
  play: (installation: Installation) => Promise<void>,
): void {
  it(title, async () => {
    const installation = await Installation.start(options)
    const { judge, producer } = installation
    let failed = true
    try {
      await play(installation)
      await installation.settle()
      expect(judge.tally.wrong.slice(0, WRONG_SHOWN)).toEqual([])
      expect(producer.problems).toEqual([])
      expect(judge.tally.exact).toBeGreaterThan(500)
      failed = false
    } finally {
      if (failed) {
        console.error(installation.logs(LINES_SHOWN))
        console.error(JSON.stringify(judge.tally.wrong.slice(0, WRONG_SHOWN), null, 1))
      }
      console.log(`${title}: ${installation.ledger.size} versions of payments; ${judge.tally.line}`)
      await installation.dispose()
    }
  })
}
