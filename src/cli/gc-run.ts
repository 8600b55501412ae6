import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EventLog } from '../stores/event-log.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { findTimeline, replaceTimeline, type TimelineRecord } from '../stores/timeline-registry.ts'
import { watermarksOf } from '../stores/watermarks.ts'
import { groupDocument } from '../stores/writer-groups.ts'
import { retireColumns } from '../timeline/row-schema.ts'
import { type GcPlan, type GcRules, type GcTimeline, type GcView, planGc } from './gc-plan.ts'
import { narrowRows, removeTimeline } from './gc-rows.ts'
import { liveDocument, partsDocument } from './live-definitions.ts'

export interface GcDeps {
  readonly store: OnlineStore
  readonly log: EventLog
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  /** How long other processes may take to learn of a change. 0: there are none. */
  readonly writers_ms: number
}

export interface GcOutcome {
  /** What went. */
  readonly done: GcPlan
  /** What stayed though it was to go, each in a sentence. */
  readonly kept: readonly string[]
}

/** Other processes may write a record at the same time: it is read again so often at most. */
const TRIES_MAX = 5

/** A record from which something was taken away, and how it was before. */
interface Marked {
  readonly before: TimelineRecord
  readonly after: TimelineRecord
  /** Of the document, after. */
  readonly version: number
}

export async function viewGc(store: OnlineStore): Promise<GcView> {
  return { documents: await store.documents(''), marks: await store.marks() }
}

/**
 * Removes what no live definition uses. What is left when it is broken off, anywhere, is incomplete and never wrong, and goes with the next
 * run; and any number may run at once:
 *
 * 1. Groups in which the log sees somebody at work are in use, whatever their heartbeats say.
 * 2. What goes is covered no longer: whoever reads it says so, and whoever registers it again gets it as incomplete, to be back-filled from
 *    where the log is then.
 * 3. Every process has learned that when the first row goes. Definitions that have come to be used by then keep what is theirs.
 * 4. A row goes only as it was seen before the registry was looked at once more; what is appended since stays.
 * 5. The document that tells of it goes last.
 */
export async function collectGarbage(
  deps: GcDeps,
  rules: Omit<GcRules, 'busy'>,
  tell: (message: string) => void,
): Promise<GcOutcome> {
  const { store, log } = deps
  const busy = new Set<string>()
  const plan = async () => planGc(await viewGc(store), { ...rules, busy })
  const run = new GcRun(deps)
  for (const { name } of (await plan()).groups) {
    if (await log.removeGroup(name)) continue
    busy.add(name)
    run.kept.push(`the group ${name} and what it writes: somebody is at work in it`)
  }
  await run.mark(await plan())
  if (run.isMarked && deps.writers_ms > 0) {
    tell('waiting until every process knows what is covered no longer')
    await sleep(deps.writers_ms)
  }
  const view = await viewGc(store)
  await run.carryOut(planGc(view, { ...rules, busy }), view, tell)
  return { done: run.done, kept: run.kept }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] }

class GcRun {
  readonly done: Mutable<GcPlan> = { timelines: [], columns: [], retentions: [], groups: [], definitions: [] }
  readonly kept: string[] = []
  readonly #deps: GcDeps
  readonly #token = randomUUID()
  readonly #marked = new Map<string, Marked>()
  #planned: GcPlan | null = null

  constructor(deps: GcDeps) {
    this.#deps = deps
  }

  get isMarked(): boolean {
    return this.#marked.size > 0
  }

  /** Takes coverage away from all that goes. */
  async mark(plan: GcPlan): Promise<void> {
    this.#planned = plan
    const now_ms = this.#deps.now()
    for (const { fingerprint } of plan.timelines) {
      await this.#change(fingerprint, (record) => ({
        ...record,
        coverage: { since_ms: null, columns: {}, reason: 'its rows are being removed, as it was not used', proof: [] },
        handover: { ...record.handover, positions: null, noted_ms: now_ms },
        generation: record.generation + 1,
        removing: this.#token,
      }))
    }
    for (const timeline of plan.columns) {
      await this.#change(timeline.fingerprint, (record) => this.#withoutColumns(record, timeline))
    }
    for (const { fingerprint, to_ms } of plan.retentions) {
      // Coverage goes first here, too: what is longer ago is pruned by the sweep after the retention is shorter.
      const pruned = (record: TimelineRecord) => Math.max(record.pruned_ms, now_ms - to_ms)
      await this.#change(fingerprint, (record) => ({ ...record, pruned_ms: pruned(record) }))
    }
  }

  /** Removes what is still to go, and puts back the rest. */
  async carryOut(plan: GcPlan, view: GcView, tell: (message: string) => void): Promise<void> {
    const planned = this.#planned!
    const again = await this.#putBack(plan)
    const goes = <T extends GcTimeline>(list: readonly T[]) => list.filter(({ fingerprint }) => !again.has(fingerprint))
    for (const timeline of goes(planned.timelines)) {
      tell(`removing ${titleOf(timeline)}`)
      if (await removeTimeline(this.#deps, timeline.fingerprint, this.#token)) this.done.timelines.push(timeline)
      else this.kept.push(`${titleOf(timeline)}: somebody took it up meanwhile, or removes it, too`)
    }
    for (const columns of goes(planned.columns)) {
      if (!this.#marked.has(columns.fingerprint) && !(await this.#isRetired(columns))) continue
      tell(`rewriting ${titleOf(columns)} without ${columns.names.join(', ')}`)
      if (await narrowRows(this.#deps.store, columns.fingerprint, columns.numbers)) this.done.columns.push(columns)
      else this.kept.push(`${columns.names.join(', ')} of ${titleOf(columns)}: somebody took it up meanwhile`)
    }
    for (const retention of goes(planned.retentions)) {
      const { from_ms, to_ms } = retention
      const record = await this.#change(retention.fingerprint, (found) =>
        found.retention_ms === from_ms ? { ...found, retention_ms: to_ms } : found,
      )
      if (record?.retention_ms === to_ms) this.done.retentions.push(retention)
    }
    await this.#removeGroups(plan, view)
    for (const definitions of plan.definitions) {
      const document = liveDocument(definitions.hash)
      const { version } = view.documents.get(document)!
      if (!(await this.#deps.store.removeDocument(document, version))) continue
      this.done.definitions.push(definitions)
      const parts = await this.#deps.store.document(partsDocument(definitions.hash))
      if (parts !== null) await this.#deps.store.removeDocument(partsDocument(definitions.hash), parts.version)
    }
  }

  /**
   * Timelines that are to stay, or to lose other things than was planned: they are as they were, where nobody has changed them since. But
   * columns stay retired: somebody may have written rows without them by now.
   */
  async #putBack(plan: GcPlan): Promise<Set<string>> {
    const planned = this.#planned!
    const again = new Set<string>()
    const text = (of: GcPlan, fingerprint: string) =>
      JSON.stringify([
        of.timelines.some((one) => one.fingerprint === fingerprint),
        of.columns.find((one) => one.fingerprint === fingerprint)?.numbers,
        of.retentions.find((one) => one.fingerprint === fingerprint)?.to_ms,
      ])
    for (const one of [...planned.timelines, ...planned.columns, ...planned.retentions]) {
      const { fingerprint } = one
      if (again.has(fingerprint) || text(plan, fingerprint) === text(planned, fingerprint)) continue
      again.add(fingerprint)
      this.kept.push(`${titleOf(one)}: definitions that use it came meanwhile`)
      const marked = this.#marked.get(fingerprint)
      if (marked === undefined) continue
      const { before, after, version } = marked
      const restored =
        after.removing === this.#token
          ? { ...before, generation: after.generation + 1 }
          : { ...after, pruned_ms: before.pruned_ms }
      await replaceTimeline(this.#deps.store, restored, version)
    }
    return again
  }

  /** Marks first, the document that names the group last. One that was entered meanwhile stays. */
  async #removeGroups(plan: GcPlan, view: GcView): Promise<void> {
    const { store } = this.#deps
    for (const group of plan.groups) {
      const document = groupDocument(group.name)
      const version = view.documents.get(document)?.version ?? 0
      if (((await store.document(document))?.version ?? 0) !== version) continue
      await store.removeMarks(group.name)
      for (const [name, told] of await store.documents(watermarksOf(group.name))) {
        await store.removeDocument(name, told.version)
      }
      if (version === 0 || (await store.removeDocument(document, version))) this.done.groups.push(group)
    }
  }

  /** The same object where they are retired and not covered already. */
  #withoutColumns(record: TimelineRecord, { numbers, ...timeline }: GcPlan['columns'][number]): TimelineRecord {
    const gone = new Set(numbers)
    const retired = retireColumns(record.schemas, gone)
    if (retired === null) {
      this.kept.push(`columns of ${titleOf(timeline)}: no number is left for a row schema without them`)
      return record
    }
    const covered = Object.entries(record.coverage.columns)
    const columns = covered.filter(([number]) => !gone.has(Number(number)))
    if (retired.schemas === record.schemas && columns.length === covered.length) return record
    return {
      ...record,
      schemas: retired.schemas,
      coverage: { ...record.coverage, columns: Object.fromEntries(columns) },
      narrowed: (record.narrowed ?? []).filter((number) => !gone.has(number)),
      generation: record.generation + 1,
    }
  }

  async #isRetired({ fingerprint, numbers }: GcPlan['columns'][number]): Promise<boolean> {
    const found = await findTimeline(this.#deps.store, fingerprint)
    return numbers.every((number) => found?.record.schemas.retired?.includes(number))
  }

  /** Answers the record as it is then; null where there is none, or others keep writing it. */
  async #change(fingerprint: string, by: (record: TimelineRecord) => TimelineRecord): Promise<TimelineRecord | null> {
    const { store } = this.#deps
    for (let i = 0; i < TRIES_MAX; i++) {
      const found = await findTimeline(store, fingerprint)
      if (found === null) return null
      const { record, version } = found
      const after = by(record)
      if (after === record) return record
      if (!(await replaceTimeline(store, after, version))) continue
      const earlier = this.#marked.get(fingerprint)
      const before = earlier?.version === version ? earlier.before : record
      this.#marked.set(fingerprint, { before, after, version: version + 1 })
      return after
    }
    this.kept.push(`timeline ${fingerprint}: others keep writing its record`)
    return null
  }
}

export function titleOf({ fingerprint, source, entity }: GcTimeline): string {
  return source === null ? `timeline ${fingerprint}` : `${source} by ${entity} (${fingerprint})`
}
