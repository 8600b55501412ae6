import { command } from '../command.ts'
import { EngineClock } from '../engine-clock.ts'
import { every } from '../every.ts'
import { EXIT } from '../exit-code.ts'
import { sweep } from '../housekeeping.ts'
import { MeteredStore } from '../metered-store.ts'
import { PROCESS_FLAGS, runServerProcess } from '../server-process.ts'
import { openServerLog, openServerStore } from '../server-stores.ts'
import { REPORT_MS, StreamReport } from '../stream-report.ts'
import { StreamWorker } from '../stream-worker.ts'

/** How often timelines are swept of what has expired. */
const SWEEP_MS = 60 * 60_000

export default command({
  meta: {
    name: 'stream',
    description:
      'Carries events from Kafka to the timelines in Redis. Run as many as wanted: they share the partitions of the topics, and hold\n' +
      'no state, so that any of them may be killed at any time.',
  },
  args: PROCESS_FLAGS,
  help: {
    examples: [
      { line: 'millrace stream', what: 'as millrace.config.ts says' },
      {
        line: 'MILLRACE_LOG_LEVEL=debug millrace stream --port 9101',
        what: 'with metrics on http://127.0.0.1:9101/metrics',
      },
    ],
    exits: [
      [EXIT.failed, 'it could not start, or failed'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  run({ args }) {
    return runServerProcess({ name: 'stream', args }, async (process) => {
      const { config, model, metrics, troubles, signal, log: lines } = process
      const redis = await process.opened('Redis', () => openServerStore(config))
      const store = new MeteredStore(redis, metrics)
      const log = await process.opened('Kafka', () => openServerLog(config))
      const clock = new EngineClock(config.clock)
      try {
        await process.opened('start', () => clock.load(store))
        let report: StreamReport | null = null
        const worker = await process.opened('start', () =>
          StreamWorker.open(
            {
              model,
              store,
              log,
              clock,
              troubles,
              batch: config.stream,
              onGap: ({ name }, reason) => {
                metrics.source(name).gap()
                lines.error({ source: name }, reason)
              },
              onQuarantine: ({ name }, events) => metrics.source(name).quarantined(events.length),
              onApplied: (source, batch) => report?.applied(source, batch, clock.wall()),
            },
            config.kafka!.partitions,
          ),
        )
        report = new StreamReport(worker.streams, { log, store, group: worker.group, metrics })
        const told = report
        await process.opened('start', () => process.tellDefinitions(store))
        const running = [
          worker.run(signal),
          every(REPORT_MS, signal, { where: 'watermarks', troubles }, () => told.tell(clock.wall())),
          every(REPORT_MS, signal, { where: 'clock', troubles }, () => clock.save(store)),
          every(SWEEP_MS, signal, { where: 'housekeeping', troubles }, async () => {
            if (clock.mode === 'history') return
            for (const stream of worker.streams.values()) {
              // Whoever reads the first partition of a topic sweeps the timelines of its sources.
              if (!stream.positions.has(0)) continue
              for (const { name } of stream.sources) await sweep(store, clock.wall(), signal, name)
            }
          }),
        ]
        process.ready({ group: worker.group, sources: worker.sources.map(({ name }) => name) })
        await Promise.all(running)
        await told.tell(clock.wall()).catch(() => {})
      } finally {
        await log.close()
        await store.close()
      }
      return EXIT.ok
    })
  },
})
