import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { kafkaJars, sharedClasses } from './kafka-jars.ts'
import { isTaken, untilFree } from './port.ts'
import { ServerProcess } from './server-process.ts'

/** A broker is ready in about 4 s; a busy machine may need many times that. */
const READY_MS = 90_000

/** Enough for a test broker; three of them fit beside all else. */
const HEAP = '-Xmx512m'

const CLUSTER_ID = 'millrace-test-cluster0'

export interface KafkaNode {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
}

export interface KafkaServerOptions {
  /** Where its data, log and process file are. */
  readonly folder: string
  readonly node: KafkaNode
  /** All nodes of the cluster, each broker and controller at once; only this one by default. */
  readonly cluster?: readonly KafkaNode[]
  /** Further lines of `server.properties`. */
  readonly properties?: Readonly<Record<string, string>>
  /** Further arguments of the storage formatter, such as `--add-scram`. */
  readonly format?: readonly string[]
  /** Further arguments of Java. */
  readonly java?: readonly string[]
  /** Whether it outlives the process that started it. */
  readonly detached?: boolean
}

/** One Kafka broker (KRaft, also its own controller) as a process of this machine. */
export class KafkaServer {
  readonly address: string
  readonly #options: KafkaServerOptions
  readonly #process: ServerProcess

  constructor(options: KafkaServerOptions) {
    this.#options = options
    this.address = `127.0.0.1:${options.node.port}`
    this.#process = new ServerProcess(join(options.folder, 'kafka.pid'), join(options.folder, 'kafka.log'))
  }

  get pid(): number | null {
    return this.#process.running?.pid ?? null
  }

  /** Formats its storage where that is new, and starts it; returns at once where it runs. Resolves when it answers. */
  async start(): Promise<void> {
    const { folder, detached = false } = this.#options
    if (this.pid === null) {
      await untilFree('Kafka', this.#options.node.port)
      await untilFree('Kafka', this.#options.node.controllerPort)
      const jars = await kafkaJars()
      const properties = join(folder, 'server.properties')
      await mkdir(folder, { recursive: true })
      await writeFile(properties, this.#properties())
      if (!existsSync(join(folder, 'data', 'meta.properties'))) await this.#format(jars, properties)
      const child = this.#process.start(
        'java',
        [
          HEAP,
          '-XX:+UseSerialGC',
          ...sharedClasses(jars),
          ...(this.#options.java ?? []),
          `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'kafka-log4j2.properties')}`,
          '-cp',
          join(jars, '*'),
          'kafka.Kafka',
          properties,
        ],
        { detached },
      )
      if (!detached) {
        const kill = () => child.kill('SIGKILL')
        process.once('exit', kill)
        child.once('exit', () => process.off('exit', kill))
      }
    }
    await this.#process.untilHealthy(`Kafka on ${this.address}`, () => this.healthy(), READY_MS)
  }

  /** Answers whether the broker itself answers, not only its port. */
  async healthy(): Promise<boolean> {
    if (!(await isTaken(this.#options.node.port))) return false
    // With SASL or TLS the first bytes differ: an open port has to do.
    if (this.#options.properties?.['listener.security.protocol.map'] !== undefined) return true
    const kafka = new Kafka({ brokers: [this.address], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
    const admin = kafka.admin()
    try {
      await admin.connect()
      const { brokers } = await admin.describeCluster()
      return brokers.some(({ nodeId }) => nodeId === this.#options.node.id)
    } catch {
      return false
    } finally {
      await admin.disconnect()
    }
  }

  /** Stops it by a signal: SIGTERM in order, SIGKILL as a crash would. Answers whether it ran. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<boolean> {
    return this.#process.stop(signal)
  }

  #properties(): string {
    const { folder, node, cluster = [node], properties } = this.#options
    const replicas = String(Math.min(3, cluster.length))
    const lines: Record<string, string> = {
      'process.roles': 'broker,controller',
      'node.id': String(node.id),
      'controller.quorum.voters': cluster
        .map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`)
        .join(','),
      listeners: `CLIENT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
      'advertised.listeners': `CLIENT://127.0.0.1:${node.port}`,
      'inter.broker.listener.name': 'CLIENT',
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT',
      'log.dirs': join(folder, 'data'),
      'offsets.topic.num.partitions': '4',
      'offsets.topic.replication.factor': replicas,
      'transaction.state.log.num.partitions': '4',
      'transaction.state.log.replication.factor': replicas,
      'transaction.state.log.min.isr': cluster.length > 1 ? '2' : '1',
      'share.coordinator.state.topic.replication.factor': replicas,
      'share.coordinator.state.topic.min.isr': '1',
      'default.replication.factor': replicas,
      'min.insync.replicas': cluster.length > 1 ? '2' : '1',
      // One that was killed may come back, or is taken for lost, once its session has ended: sooner than after the usual 9 s.
      'broker.session.timeout.ms': '1500',
      'broker.heartbeat.interval.ms': '150',
      // So may a worker be of which a test says so; by default the shortest is 6 s.
      'group.min.session.timeout.ms': '1000',
      'group.initial.rebalance.delay.ms': '0',
      'auto.create.topics.enable': 'false',
      ...properties,
    }
    return `${Object.entries(lines)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n')}\n`
  }

  async #format(jars: string, properties: string): Promise<void> {
    await promisify(execFile)('java', [
      '-XX:TieredStopAtLevel=1',
      ...sharedClasses(jars),
      '-cp',
      join(jars, '*'),
      'kafka.tools.StorageTool',
      'format',
      '-t',
      CLUSTER_ID,
      '-c',
      properties,
      ...(this.#options.format ?? []),
    ])
  }
}
