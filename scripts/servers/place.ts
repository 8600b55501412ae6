import { resolve } from 'node:path'

/** Where programs that were fetched are; not in git. */
export const PROGRAMS_FOLDER = resolve(import.meta.dirname, '../../.services')

/** Ports beside the usual ones, so that nothing else that runs here is met by mistake. */
const PORTS = { kafka: 19092, kafkaController: 19093, redis: 16379, clickhouse: 18123 } as const

/** Beyond it, ports are those that the system gives out by itself. */
const PORT_OFFSET_MAX = 10_000

export interface ServicesPlace {
  /** Data, logs and process files. */
  readonly folder: string
  readonly ports: Readonly<Record<keyof typeof PORTS, number>>
}

/** Where the servers of `scripts/services` are; another folder and other ports make them a second set. Throws a sentence. */
export function servicesPlace(environment: NodeJS.ProcessEnv): ServicesPlace {
  const { MILLRACE_SERVICES_FOLDER: folder = PROGRAMS_FOLDER, MILLRACE_SERVICES_PORT_OFFSET: text = '0' } = environment
  const offset = Number(text)
  if (!/^\d+$/.test(text) || offset > PORT_OFFSET_MAX) {
    throw new Error(`MILLRACE_SERVICES_PORT_OFFSET is "${text}": give a whole number up to ${PORT_OFFSET_MAX}`)
  }
  // Two sets in one folder would take each other's servers for their own.
  if (offset > 0 && resolve(folder) === PROGRAMS_FOLDER) {
    throw new Error('MILLRACE_SERVICES_PORT_OFFSET needs a MILLRACE_SERVICES_FOLDER of its own')
  }
  const { kafka, kafkaController, redis, clickhouse } = PORTS
  return {
    folder: resolve(folder),
    ports: {
      kafka: kafka + offset,
      kafkaController: kafkaController + offset,
      redis: redis + offset,
      clickhouse: clickhouse + offset,
    },
  }
}
