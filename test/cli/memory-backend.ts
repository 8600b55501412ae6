import { createAdminApi } from '../../src/cli/admin-api.ts'
import { BackfillRunner } from '../../src/cli/backfill-runner.ts'
import { createInspectApi } from '../../src/cli/inspect-api.ts'
import { makeIntake } from '../../src/cli/intake.ts'
import type { Backend } from '../../src/cli/request.ts'
import { collect } from '../../src/features/collect.ts'
import type { Model } from '../../src/features/model.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, money, source, z } from '../../src/index.ts'
import { createApi } from '../../src/serving/http/api.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { registerTimelines } from '../../src/stores/timeline-registry.ts'

/** A source whose archive table names two columns otherwise. */
export const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    at: z.int(),
    card: z.string(),
    amount: money({ scale: 2 }),
    ok: z.boolean().nullable(),
    note: z.string().optional(),
  }),
  id: 'id',
  time: 'at',
  stream: { topic: 'payments' },
  archive: { table: 'payments', columns: { at: 'occurred', card: 'cardNo' } },
})

const byCard = featureGroup('by_card', {
  source: payments,
  entity: entity('card', { key: { card: z.string() } }),
  features: { n: count().over('7d') },
})

export const model: Model = resolveModel(collect([{ file: 'definitions.ts', exports: { payments, byCard } }]))

const now = () => Date.UTC(2026, 0, 1)

/** The API that the commands speak to, over stores in memory. */
export class MemoryBackend implements Backend {
  readonly url = null
  readonly log = new MemoryEventLog({ now })
  readonly archive = new MemoryEventArchive()
  /** Called with each request that changes something, before it is done; may throw. */
  onPost: (path: string) => void = () => {}
  /** The same, after it was done: its answer is lost where this throws. */
  onPosted: (path: string) => void = () => {}
  readonly #app

  private constructor(store: MemoryOnlineStore, model: Model) {
    const vectors = new VectorService({ model, store, now, clock: 'wall', watermark: () => null, onUntidy: () => {} })
    const backfills = new BackfillRunner(
      model,
      { store, log: this.log, archive: this.archive, now, clock: 'wall' },
      new AbortController().signal,
      async () => {},
    )
    this.#app = createApi({ model, vectors, append: makeIntake(this.log, model), ready: () => [] })
    const status = () => Promise.reject(new Error('no status here'))
    const admin = createAdminApi({
      model,
      store,
      log: this.log,
      archive: this.archive,
      backfills,
      status,
      onArchiveLoaded: async () => {},
      now,
      clock: 'wall',
      writers_ms: 0,
    })
    this.#app.route('/', createInspectApi(store, this.archive))
    this.#app.route('/admin/v1', admin)
  }

  static async open(of: Model = model, topic = 'payments'): Promise<MemoryBackend> {
    const store = new MemoryOnlineStore()
    const backend = new MemoryBackend(store, of)
    await backend.log.ensureTopic(topic, 1)
    await registerTimelines(store, of, () => ({ 0: 0 }), now())
    return backend
  }

  async request(path: string, init?: RequestInit): Promise<Response> {
    const changes = init?.method === 'POST'
    if (changes) this.onPost(path)
    const answer = await this.#app.request(path, init)
    if (changes) this.onPosted(path)
    return answer
  }

  async close(): Promise<void> {}

  /** The ids of the events in the log, in its order. */
  async logged(): Promise<string[]> {
    const ids: string[] = []
    for (let at = 0; ; ) {
      const { values, nextOffset } = await this.log.read('payments', 0, at, 10_000)
      if (values.length === 0) return ids
      ids.push(...values.map((value) => (JSON.parse(Buffer.from(value).toString()) as { id: string }).id))
      at = nextOffset
    }
  }

  /** How many rows the archive has. */
  async archived(): Promise<number> {
    if ((await this.archive.describe('payments')) === null) return 0
    const time = { name: 'occurred', type: { kind: 'time' }, nullable: false } as const
    return (await this.archive.stats('payments', time, [], null)).rows
  }
}
