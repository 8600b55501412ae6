import { z } from 'zod'
import type { Value } from '../timeline/column-type.ts'
import { type CheckDefinition, checksOf } from './zod-definition.ts'

/** A canonical value that is not null. */
export type Known = Exclude<Value, null>

/** What a schema asks of a value beyond its type. */
export interface ValueCheck {
  holds(value: Known): boolean
  /** Why a value does not hold: the end of a sentence that begins with the value. */
  says(value: Known): string
  /** What to send instead. */
  readonly cure: string
}

/** Formats that the type says already, or that say no more than it. */
const IMPLIED: ReadonlySet<string> = new Set(['safeint', 'float64', 'datetime'])

/**
 * The checks of a zod type on canonical values. Lengths and bounds are compiled, as they are on most columns; where there is any
 * other, zod judges them all, a few times slower.
 */
export function valueChecks(leaf: z.core.$ZodType): readonly ValueCheck[] {
  const checks = checksOf(leaf).filter(({ format }) => format === undefined || !IMPLIED.has(format))
  const compiled = checks.map(compile)
  return compiled.includes(null) ? [zodCheck(leaf)] : (compiled as ValueCheck[])
}

function compile(check: CheckDefinition): ValueCheck | null {
  switch (check.check) {
    case 'min_length': {
      const minimum = check.minimum!
      return textCheck((length) => length >= minimum, `at least ${minimum}`)
    }
    case 'max_length': {
      const maximum = check.maximum!
      return textCheck((length) => length <= maximum, `at most ${maximum}`)
    }
    case 'length_equals': {
      const wanted = check.length!
      return textCheck((length) => length === wanted, `exactly ${wanted}`)
    }
    case 'greater_than':
      return typeof check.value === 'number' ? lowerBound(check.value, check.inclusive === true) : null
    case 'less_than':
      return typeof check.value === 'number' ? upperBound(check.value, check.inclusive === true) : null
    default:
      return null
  }
}

function textCheck(holds: (length: number) => boolean, wanted: string): ValueCheck {
  return {
    holds: (value) => holds((value as string).length),
    says: (value) => `has ${(value as string).length} characters: the schema wants ${wanted}`,
    cure: `send a text of ${wanted} characters`,
  }
}

function lowerBound(bound: number, inclusive: boolean): ValueCheck {
  return inclusive
    ? { holds: (value) => (value as number) >= bound, says: () => `is below ${bound}`, cure: `send at least ${bound}` }
    : {
        holds: (value) => (value as number) > bound,
        says: () => `is not above ${bound}`,
        cure: `send more than ${bound}`,
      }
}

function upperBound(bound: number, inclusive: boolean): ValueCheck {
  return inclusive
    ? { holds: (value) => (value as number) <= bound, says: () => `is above ${bound}`, cure: `send at most ${bound}` }
    : {
        holds: (value) => (value as number) < bound,
        says: () => `is not below ${bound}`,
        cure: `send less than ${bound}`,
      }
}

function zodCheck(leaf: z.core.$ZodType): ValueCheck {
  return {
    // `z.url()` trims what it is given: a value that zod changes is not in its one form.
    holds(value) {
      const result = z.core.safeParse(leaf, value)
      return result.success && result.data === value
    },
    says(value) {
      const message = z.core.safeParse(leaf, value).error?.issues[0]?.message ?? 'blanks around it'
      return `is refused by the schema: ${message}`
    },
    cure: 'send a value that the schema of the column allows',
  }
}
