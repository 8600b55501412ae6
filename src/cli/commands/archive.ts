import { noteHole, openHoles } from '../../stores/archive-holes.ts'
import { ArchiveWorker } from '../archive-worker.ts'
import { command } from '../command.ts'
import { every } from '../every.ts'
import { EXIT } from '../exit-code.ts'
import { PROCESS_FLAGS, runServerProcess } from '../server-process.ts'
import { openServerArchive, openServerLog, openServerStore } from '../server-stores.ts'
import { ensureTopics } from '../stream-group.ts'

/** How often it is looked whether holes of the archive are still there. */
const HOLES_MS = 10_000

export default command({
  meta: {
    name: 'archive',
    description:
      'Carries events from Kafka to the tables in ClickHouse, each with its partition, offset and arrival. Run as many as wanted. What is\n' +
      'written twice counts once.',
  },
  args: PROCESS_FLAGS,
  help: {
    examples: [{ line: 'millrace archive', what: 'as millrace.config.ts says' }],
    exits: [
      [EXIT.failed, 'it could not start, or failed'],
      [EXIT.definitions, 'the definitions have errors'],
    ],
  },
  run({ args }) {
    return runServerProcess({ name: 'archive', args }, async (process) => {
      const { config, model, metrics, troubles, signal, log: lines } = process
      const log = await process.opened('Kafka', () => openServerLog(config))
      const archive = await process.opened('ClickHouse', () => openServerArchive(config))
      const store = await process.opened('Redis', () => openServerStore(config))
      try {
        await process.opened('start', () => ensureTopics(log, model, config.kafka!.partitions))
        await process.opened('start', () => process.tellDefinitions(store))
        const worker = new ArchiveWorker({
          model,
          log,
          archive,
          now: Date.now,
          troubles,
          batch: config.archive,
          onArchived: ({ name }, rows, took_ms) => {
            metrics.archiveInsert(took_ms / 1_000)
            metrics.source(name).events('archive', rows)
          },
          onGap: async (source, reason, hole) => {
            await noteHole(store, source, hole)
            metrics.source(source.name).gap()
            lines.error({ source: source.name }, reason)
            await measure()
          },
        })
        const measure = async () => {
          for (const source of worker.sources) {
            const holes = await openHoles(store, archive, source)
            metrics.source(source.name).archiveMissing(holes.reduce((sum, { missing }) => sum + missing, 0))
          }
        }
        process.ready({ sources: worker.sources.map(({ name }) => name) })
        await Promise.all([
          worker.run(signal),
          every(HOLES_MS, signal, { where: 'holes of the archive', troubles }, measure),
        ])
      } finally {
        await log.close()
        await archive.close()
        await store.close()
      }
      return EXIT.ok
    })
  },
})
