import { namesCure } from '../features/nearest-name.ts'
import type { VectorOf } from '../features/service-types.ts'
import type { ServedValue } from '../serving/answer-writer.ts'
import type { AnyService, CompiledService, Happened, Reply, StoredRows } from './compiled-service.ts'
import type { ExplainedValue } from './event-behind.ts'
import { explainedValue } from './explained-value.ts'
import { formatIso } from './instants.ts'

/** What a service answered, with all that is behind it. */
export interface VectorAnswer<X extends AnyService> {
  readonly service: string
  /** The instant that the values are for, in ISO 8601. */
  readonly as_of: string
  /** As `get` gives it. */
  readonly vector: VectorOf<X>
  /** The value of a name. Throws a RangeError for one that the service does not serve. */
  value(name: keyof VectorOf<X> & string): ServedValue
  /**
   * The events behind a value, and those of its entity that were passed over, with why. As text it is what a failing test prints.
   * Throws a RangeError for a name that the service does not serve.
   */
  explain(name: keyof VectorOf<X> & string): ExplainedValue
}

export function vectorAnswer<X extends AnyService>(
  compiled: CompiledService,
  rows: StoredRows,
  reply: Reply,
  happened: readonly Happened[],
): VectorAnswer<X> {
  const { name: service } = compiled.model
  const value = (name: string): ServedValue => {
    const found = reply.values.get(name)
    if (found !== undefined) return found
    throw new RangeError(`${service} serves no '${name}': ${namesCure(name, reply.values.keys())}`)
  }
  return {
    service,
    as_of: formatIso(reply.at_ms),
    vector: Object.fromEntries(reply.values) as VectorOf<X>,
    value,
    explain(name) {
      value(name)
      return explainedValue({ compiled, rows, reply, happened }, name)
    },
  }
}
