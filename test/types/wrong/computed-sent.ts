// expect: 'bin' does not exist
// where: bin: '411111'

import { count, entity, featureGroup, featureService, type InputOf, source, z } from 'millrace'

const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string() }),
  id: 'id',
  time: 'at',
  compute: { bin: { version: 1, type: z.string(), of: (row) => row.pan.slice(0, 6) } },
})
const group = featureGroup('by_bin', {
  source: payments,
  entity: entity('bin', { key: { bin: z.string() } }),
  features: { tx_count: count().over('7d') },
})
const service = featureService('service', { event: payments, features: [group] })
export const input: InputOf<typeof service> = {
  event: { id: 'a', at: 1, pan: '4111112222', bin: '411111' },
}
