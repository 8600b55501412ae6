// expect: is not assignable to type 'AnyGroup | AnyView'
// where: features:

import { featureService } from 'millrace'
import { payments } from '../right/example.ts'

export const service = featureService('service', {
  features: [payments],
})
