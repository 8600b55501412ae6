import { money, source, z } from 'millrace'

export const payments = source('payments', {
  description: 'Every card authorisation, approved or declined.',
  owner: 'payments-platform',
  tags: ['pci'],
  schema: z.object({
    id: z.string(),
    occurred_at: z.iso.datetime({ offset: true }),
    updated_at: z.int(),
    card_id: z.string(),
    merchant_id: z.string(),
    device_id: z.string().nullable(),
    // "12.34" or 12.34 in; more decimals are refused, never rounded; whole minor units inside.
    amount: money({ scale: 2 }),
    status: z.enum(['approved', 'declined']),
    fraud: z.boolean().optional(),
  }),
  id: 'id',
  time: 'occurred_at',
  // Of the copies of one payment the one with the highest version counts: so a fraud label that comes weeks later does.
  version: 'updated_at',
  // Not known yet while the payment is scored.
  outcome: ['status', 'fraud'],
  // New payments come from the stream; the archive has the same ones, all of them.
  stream: { topic: 'payments.auth' },
  archive: { table: 'payments_auth' },
})
