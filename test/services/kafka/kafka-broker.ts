import { join } from 'node:path'
import { type KafkaNode, KafkaServer } from '../../../scripts/servers/kafka-server.ts'
import { freePorts } from '../../../scripts/servers/port.ts'
import { KafkaEventLog } from '../../../src/stores/log/kafka/kafka.ts'
import type { KafkaOptions } from '../../../src/stores/log/kafka/kafka-options.ts'
import { temporaryFolder } from '../../stores/temporary-folder.ts'

export interface KafkaBrokers {
  /** One of each node. */
  readonly servers: readonly KafkaServer[]
  readonly addresses: readonly string[]
  /** A log over these brokers. */
  log(options?: Partial<KafkaOptions>): KafkaEventLog
  /** Kills what runs and removes all it wrote. */
  dispose(): Promise<void>
}

export interface BrokerSettings {
  readonly brokers?: number
  readonly properties?: (node: KafkaNode, folder: string) => Readonly<Record<string, string>>
  readonly format?: readonly string[]
}

/** Starts brokers of one's own, on free ports, in a temporary folder. Throws where there can be none: such tests must fail, not skip. */
export async function startBrokers({ brokers = 1, properties, format }: BrokerSettings = {}): Promise<KafkaBrokers> {
  const folder = await temporaryFolder()
  const cluster: KafkaNode[] = []
  const ports = await freePorts(2 * brokers)
  for (let id = 1; id <= brokers; id++) {
    cluster.push({ id, port: ports[2 * id - 2]!, controllerPort: ports[2 * id - 1]! })
  }
  const servers = cluster.map((node) => {
    const own = join(folder.path, `kafka-${node.id}`)
    return new KafkaServer({
      folder: own,
      node,
      cluster,
      // Quick to start rather than quick later.
      java: ['-XX:TieredStopAtLevel=1'],
      ...(properties === undefined ? {} : { properties: properties(node, folder.path) }),
      ...(format === undefined ? {} : { format }),
    })
  })
  const addresses = servers.map(({ address }) => address)
  const dispose = async () => {
    await Promise.all(servers.map((server) => server.stop('SIGKILL')))
    await folder.remove()
  }
  try {
    await Promise.all(servers.map((server) => server.start()))
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    servers,
    addresses,
    log: (options = {}) => new KafkaEventLog({ brokers: addresses, now: Date.now, ...options }),
    dispose,
  }
}
