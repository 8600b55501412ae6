import { money, z } from '../../src/index.ts'
import { parserOf, payments } from './definition-kit.ts'

/** Of a source with a column of every kind that events may have wrong. */
export const parser = parserOf(
  payments(
    {
      updated_at: z.int(),
      device_id: z.string().nullable(),
      amount: money({ scale: 2 }),
      status: z.enum(['approved', 'declined']),
      fraud: z.boolean().optional(),
      items: z.int().min(1).max(99),
      weight: z.number().optional(),
      country: z.string().length(2).optional(),
      reference: z.uuid().optional(),
      site: z.url().optional(),
      step: z.number().multipleOf(0.5).optional(),
      seen_at: z.iso.datetime({ offset: true }).nullable(),
      card_id: z.string().max(8).optional(),
      gone: z.boolean(),
    },
    { version: 'updated_at', outcome: ['status', 'fraud'], deleted: 'gone' },
  ),
)
