import { createApi } from '../../serving/http/api.ts'
import { StoreProgress } from '../../serving/store-progress.ts'
import { VectorService } from '../../serving/vector-service.ts'
import type { KafkaEventLog } from '../../stores/log/kafka/kafka.ts'
import { command } from '../command.ts'
import { EngineClock } from '../engine-clock.ts'
import { every } from '../every.ts'
import { EXIT } from '../exit-code.ts'
import { Compactor } from '../housekeeping.ts'
import { makeIntake } from '../intake.ts'
import { MeteredStore } from '../metered-store.ts'
import { PROCESS_FLAGS, runServerProcess } from '../server-process.ts'
import { openServerLog, openServerStore } from '../server-stores.ts'
import { ensureTopics, streamedSources } from '../stream-group.ts'

/** How often what is served looks at coverage, marks and watermarks again. */
const REFRESH_MS = 1_000

export default command({
  meta: {
    name: 'serve',
    description:
      'Answers for features over HTTP, from Redis, and takes events into Kafka. Run as many as wanted behind a load balancer.',
  },
  args: {
    ...PROCESS_FLAGS,
    port: {
      ...PROCESS_FLAGS.port,
      description: 'Port; 0 for any free one. Without it the configured one, 8080 by default',
    },
  },
  help: {
    examples: [{ line: 'millrace serve', what: 'as millrace.config.ts says' }],
    exits: [
      [EXIT.failed, 'it could not start, or failed'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  run({ args }) {
    let vectors: VectorService | null = null
    const unready = () => vectors?.unready() ?? []
    return runServerProcess({ name: 'serve', args, port: ({ http }) => http.port, unready }, async (process) => {
      const { config, model, metrics, troubles, signal, log: lines } = process
      const redis = await process.opened('Redis', () => openServerStore(config))
      const store = new MeteredStore(redis, metrics)
      let log: KafkaEventLog | null = null
      let intake: ReturnType<typeof makeIntake> | null = null
      // Vectors come from Redis alone: who starts while Kafka is away answers them.
      const opening = process.openedBeside('Kafka', async () => {
        log ??= await openServerLog(config)
        await ensureTopics(log, model, config.kafka!.partitions)
        intake = makeIntake(log, model)
      })
      // What it fails with is asked for at the end of the start.
      opening.catch(() => {})
      const clock = new EngineClock(config.clock)
      const compactor = new Compactor(store, (source, count) => metrics.source(source).conflicts(count))
      try {
        const progress = new StoreProgress(store, model)
        const served = new VectorService({
          model,
          store,
          now: clock.now,
          clock: clock.mode,
          watermark: progress.watermark,
          progress,
          onUntidy: (key, { source }) => compactor.add(key, source.name),
        })
        vectors = served
        const refresh = async () => {
          await clock.load(store)
          await served.refresh()
          for (const [name, ok] of served.coverage()) metrics.timeline(name).coverage(ok)
          for (const { name } of streamedSources(model)) metrics.source(name).watermark(progress.watermark(name))
        }
        await process.opened('start', refresh)
        await process.opened('start', () => process.tellDefinitions(store))
        process.mount(
          createApi({
            model,
            vectors: served,
            append: async (source, events) => {
              if (intake === null) throw new Error('Kafka has not answered since this process started')
              await intake(source, events)
              metrics.source(source.name).events('api', events.length)
            },
            ready: () => troubles.all,
            onFailure: (error) => lines.error({ err: error }, 'a request failed'),
            onAnswered: (service, status, seconds) => metrics.request(service, status, seconds),
            onRejected: (source, count) => metrics.source(source.name).rejected(count),
          }),
        )
        process.ready({ services: [...model.services.keys()] })
        await Promise.all([opening, every(REFRESH_MS, signal, { where: 'upkeep', troubles }, refresh)])
      } finally {
        await compactor.stop()
        await (log as KafkaEventLog | null)?.close()
        await store.close()
      }
      return EXIT.ok
    })
  },
})
