import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AnswerWriter } from '../../src/serving/answer-writer.ts'
import { ServicePlan } from '../../src/serving/service-plan.ts'
import type { FeatureValue } from '../../src/timeline/aggregate.ts'
import { World } from './world.ts'

const plan = new ServicePlan(new World().model.services.get('checkout_risk')!)
const writer = new AnswerWriter(plan)

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\n', '\u2028', '\u007f', '\ud800', 'käse', '🦊', '</script>'),
)
const number = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308),
)
const value: fc.Arbitrary<FeatureValue> = fc.oneof(
  number,
  text,
  fc.boolean(),
  fc.constant(null),
  fc.bigInt(),
  fc.array(fc.oneof(number, text, fc.boolean()), { maxLength: 4 }),
)
const vector = fc.record({
  at_ms: fc.integer({ min: 946_684_800_000, max: 4_102_444_800_000 }),
  values: fc.array(value, { minLength: plan.names.length, maxLength: plan.names.length }),
  statuses: fc.oneof(
    fc.constant(new Uint8Array(plan.names.length)),
    fc.uint8Array({ min: 0, max: 4, minLength: plan.names.length, maxLength: plan.names.length }),
  ),
})
const watermarks = fc.array(fc.option(fc.nat()), {
  minLength: plan.sources.length,
  maxLength: plan.sources.length,
})

describe('the text of an answer', () => {
  it('is what JSON.stringify makes of it', () => {
    fc.assert(
      fc.property(vector, watermarks, (random, marks) => {
        const filled = { ...random, flawed: random.statuses.some((status) => status !== 0) }
        const object = writer.object(filled, marks)
        expect(writer.text(filled, marks)).toBe(JSON.stringify(object))
        for (const [i, name] of plan.names.entries()) {
          const given = filled.values[i]!
          expect(object.features[name]).toEqual(typeof given === 'bigint' ? given.toString() : given)
        }
        expect(Object.keys(object.status)).toEqual(plan.names.filter((_, i) => filled.statuses[i] !== 0))
      }),
      { numRuns: 500, seed: 11 },
    )
  })
})
