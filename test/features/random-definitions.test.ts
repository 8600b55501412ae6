import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../src/features/problem.ts'
import { resolve } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, money, source, z } from '../../src/index.ts'
import { AGGREGATES, DefinitionAuthor } from './definition-author.ts'
import { definitions } from './definition-kit.ts'

/** What stands in for a definition that was refused. */
const GOOD = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), card_id: z.string(), amount: money({ scale: 2 }) }),
  id: 'id',
  time: 'at',
})
const CARD = entity('card', { key: { card_id: z.string() } })
const GROUP = featureGroup('velocity', { source: GOOD, entity: CARD, features: { tx: count().over('1h') } })

/** What V8 says where code trips over a value: no sentence for a user. */
const CRASH =
  /^Cannot |is not a function|is not iterable|is not a constructor|is not an object|not defined|undefined \(|^Invalid |^Class |Reduce of|call stack|circular|Do not know how|^Object prototype/

/** A value that was put into a sentence as it is. */
const UNREADABLE = /\[object |function ?\w*\(|Symbol\(Symbol/

/** What was defined, or null where it was refused at once, by an error that was written for whoever reads it. */
function made<T>(define: () => T): T | null {
  try {
    return define()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    const { name, message } = error as Error
    expect(['TypeError', 'RangeError']).toContain(name)
    expect(message).not.toMatch(CRASH)
    expect(message).not.toMatch(UNREADABLE)
    return null
  }
}

describe('random definitions', () => {
  it('are refused at once with a sentence, or checked without a crash', () => {
    const seen = { served: 0, wrong: 0, refused: 0 }
    fc.assert(
      fc.property(fc.gen(), (g) => {
        const author = new DefinitionAuthor(g)
        const from = made(() => author.source())
        const of = made(() => author.entity())
        const groups = ['g0', 'g1'].map((name) => made(() => author.group(name, from ?? GOOD, of ?? CARD)))
        const service = made(() =>
          author.service(
            from ?? GOOD,
            groups.map((group) => group ?? GROUP),
          ),
        )
        const { model, problems } = resolve(definitions({ from, of, ...groups, service }))
        for (const problem of problems) {
          expect(formatProblem(problem)).not.toMatch(UNREADABLE)
          expect([problem.message, problem.cure]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)])
        }
        const isWrong = problems.some(({ severity }) => severity === 'error')
        expect(model === null).toBe(isWrong)
        if ([from, of, ...groups, service].includes(null)) seen.refused++
        else if (isWrong) seen.wrong++
        else if (model!.services.size > 0) seen.served++
      }),
      { seed: 11, numRuns: 1_000 },
    )
    // Each was seen often: the definitions are near those that are right.
    for (const [what, times] of Object.entries(seen)) expect([what, times > 40, times]).toEqual([what, true, times])
  })

  it('are made of every aggregate of the language', () => {
    expect(AGGREGATES.length).toBeGreaterThan(20)
  })
})
