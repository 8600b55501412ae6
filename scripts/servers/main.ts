import { join } from 'node:path'
import { ClickHouseServer, installClickHouse } from './clickhouse-server.ts'
import { installProgram } from './debian-package.ts'
import { shareClasses } from './kafka-classes.ts'
import { KafkaServer } from './kafka-server.ts'
import { type ServicesPlace, servicesPlace } from './place.ts'
import { isTaken } from './port.ts'
import { RedisServer } from './redis-server.ts'
import { inTurn } from './turn.ts'

interface Server {
  readonly address: string
  readonly pid: number | null
  start(): Promise<void>
  stop(): Promise<boolean>
  healthy(): Promise<boolean>
}

interface Service {
  readonly folder: string
  readonly server: Server
  install(): Promise<unknown>
}

function servicesAt({ folder: all, ports }: ServicesPlace): Record<string, Service> {
  const folders = { kafka: join(all, 'kafka'), redis: join(all, 'redis'), clickhouse: join(all, 'clickhouse') }
  return {
    kafka: {
      folder: folders.kafka,
      server: new KafkaServer({
        folder: folders.kafka,
        node: { id: 1, port: ports.kafka, controllerPort: ports.kafkaController },
        detached: true,
      }),
      install: async () => {
        await installProgram('java')
        await shareClasses()
      },
    },
    redis: {
      folder: folders.redis,
      server: new RedisServer({ folder: folders.redis, port: ports.redis }),
      install: () => installProgram('redis-server'),
    },
    clickhouse: {
      folder: folders.clickhouse,
      server: new ClickHouseServer({ folder: folders.clickhouse, port: ports.clickhouse }),
      install: installClickHouse,
    },
  }
}

const help = ({ folder, ports }: ServicesPlace) => `Starts, checks and stops the servers that millrace is tested with, \
without Docker, on Linux.

  scripts/services install|start|stop|status [kafka|redis|clickhouse|all]

  kafka        Apache Kafka on 127.0.0.1:${ports.kafka}: one broker, its jars from Maven Central
  redis        Debian's redis-server on 127.0.0.1:${ports.redis}
  clickhouse   on 127.0.0.1:${ports.clickhouse}: not a server, but ClickHouse's engine (chDB) behind an HTTP front of ours;
               user, password and database are millrace

Data, logs and process files are in ${folder}; only what was started here is stopped, and data stays.
MILLRACE_SERVICES_FOLDER is another folder for them; with it, MILLRACE_SERVICES_PORT_OFFSET is added to all ports.

Exit code: 0 when all is as asked for (for status: all run and answer), 1 when not, 2 for a wrong command.
`

const commands: Readonly<Record<string, (service: Service) => Promise<string>>> = {
  async install({ install }) {
    await install()
    // The tests of TLS make certificates, whichever server they are for, and those of the API run a program in Python.
    await installProgram('openssl')
    await installProgram('python3')
    return 'installed'
  },
  async start({ server }) {
    const before = server.pid
    await server.start()
    return `${before === null ? 'started' : 'already running'} on ${server.address}`
  },
  async stop({ server }) {
    return (await server.stop()) ? 'stopped' : 'was not running'
  },
  async status({ server }) {
    const { pid, address } = server
    if (pid !== null && (await server.healthy())) return `running on ${address}, pid ${pid}`
    process.exitCode = 1
    if (pid !== null) return `pid ${pid} does not answer on ${address}`
    const isStranger = await isTaken(Number(address.split(':')[1]))
    return isStranger ? `not running; something else listens on ${address}` : 'not running'
  },
}

async function main([command = '--help', which = 'all', ...rest]: readonly string[]): Promise<void> {
  const place = servicesPlace(process.env)
  const services = servicesAt(place)
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined
  const names = which === 'all' ? Object.keys(services) : [which]
  if (run === undefined || rest.length > 0 || names.some((name) => !Object.hasOwn(services, name))) {
    process.stdout.write(help(place))
    process.exitCode = command === '--help' || command === '-h' ? 0 : 2
    return
  }
  for (const name of names) {
    const service = services[name]!
    try {
      const outcome = command === 'status' ? run(service) : inTurn(service.folder, () => run(service))
      process.stdout.write(`${name}: ${await outcome}\n`)
    } catch (error) {
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
      process.exitCode = 1
    }
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
