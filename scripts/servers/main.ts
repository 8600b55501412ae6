import { join } from 'node:path'
import { kafkaJars, SERVICES_FOLDER } from './kafka-jars.ts'
import { KafkaServer } from './kafka-server.ts'
import { installRedis, RedisServer } from './redis-server.ts'

/** Ports beside the usual ones, so that nothing else that runs here is met by mistake. */
const KAFKA_PORT = 19092
const KAFKA_CONTROLLER_PORT = 19093
const REDIS_PORT = 16379

const HELP = `Starts, checks and stops the servers that millrace is tested with, without Docker.

  scripts/services install|start|stop|status [kafka|redis|all]

  kafka   Apache Kafka on 127.0.0.1:${KAFKA_PORT}: one broker, its jars from Maven Central
  redis   Debian's redis-server on 127.0.0.1:${REDIS_PORT}

Data, logs and process files are in .services/; only what was started here is stopped.
`

interface Service {
  readonly address: string
  readonly pid: number | null
  start(): Promise<void>
  stop(): Promise<boolean>
  healthy(): Promise<boolean>
}

const services: Readonly<Record<string, { readonly server: Service; install(): Promise<unknown> }>> = {
  kafka: {
    server: new KafkaServer({
      folder: join(SERVICES_FOLDER, 'kafka'),
      node: { id: 1, port: KAFKA_PORT, controllerPort: KAFKA_CONTROLLER_PORT },
      detached: true,
    }),
    install: kafkaJars,
  },
  redis: {
    server: new RedisServer({ folder: join(SERVICES_FOLDER, 'redis'), port: REDIS_PORT }),
    install: installRedis,
  },
}

const commands: Readonly<Record<string, (name: string, service: (typeof services)[string]) => Promise<string | null>>> =
  {
    async install(_, { install }) {
      await install()
      return 'installed'
    },
    async start(_, { server }) {
      const before = server.pid
      await server.start()
      return `${before === null ? 'started' : 'already running'} on ${server.address}`
    },
    async stop(_, { server }) {
      return (await server.stop()) ? 'stopped' : 'was not running'
    },
    async status(_, { server }) {
      if (server.pid !== null && (await server.healthy())) return `running on ${server.address}, pid ${server.pid}`
      process.exitCode = 1
      return server.pid === null ? 'not running' : `pid ${server.pid} does not answer on ${server.address}`
    },
  }

const [command = '--help', which = 'all', ...rest] = process.argv.slice(2)
const run = commands[command]
const names = which === 'all' ? Object.keys(services) : [which]
if (run === undefined || rest.length > 0 || names.some((name) => services[name] === undefined)) {
  process.stdout.write(HELP)
  process.exitCode = command === '--help' || command === '-h' ? 0 : 2
} else {
  for (const name of names) {
    try {
      process.stdout.write(`${name}: ${await run(name, services[name]!)}\n`)
    } catch (error) {
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
      process.exitCode = 1
    }
  }
}
