import fc from 'fast-check'
import { collect } from '../../src/features/collect.ts'
import type { Model } from '../../src/features/model.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, source, sum, z } from '../../src/index.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import type { EventArchive } from '../../src/stores/event-archive.ts'
import type { EventLog } from '../../src/stores/event-log.ts'

export const TOPIC = 'bank.events'
export const NOW = Date.UTC(2026, 5, 1)
export const CARDS = ['a', 'b', 'c'] as const

const card = entity('card', { key: { card_id: z.string() } })
const columns = { id: z.string(), at: z.int(), card_id: z.string() }
const roles = { id: 'id', time: 'at' } as const

/** What a source of the bank takes of its topic. */
const transfersOf = (prefix: string, kinds: readonly string[]) =>
  source('transfers', {
    schema: z.object({ ...columns, amount: z.int() }),
    ...roles,
    stream: { topic: `${prefix}${TOPIC}`, where: { kind: kinds } },
    archive: { table: `${prefix.replaceAll('.', '_')}transfers` },
  })
const loginsOf = (prefix: string) =>
  source('logins', {
    schema: z.object(columns),
    ...roles,
    stream: { topic: `${prefix}${TOPIC}`, where: { kind: ['login', 7] } },
    archive: { table: `${prefix.replaceAll('.', '_')}logins` },
  })

export interface BankOptions {
  /** Without, only the transfers are read. */
  readonly logins: boolean
  readonly kinds?: readonly string[]
  /** Before the topic's and the tables' names. */
  readonly prefix?: string
}

/** Sources of one topic, each with a feature of its cards. */
export function bank({ logins: both, kinds = ['transfer'], prefix = '' }: BankOptions): Model {
  const transfers = transfersOf(prefix, kinds)
  const spending = featureGroup('spending', {
    source: transfers,
    entity: card,
    features: { n: count().over('30d'), amount: sum(transfers.amount).over('30d') },
  })
  const visits = featureGroup('visits', {
    source: loginsOf(prefix),
    entity: card,
    features: { n: count().over('30d') },
  })
  const bankService = featureService('s', { features: both ? [spending, visits] : [spending] })
  return resolveModel(collect([{ file: 'test.ts', exports: { bankService } }]))
}

/** A message of the topic. */
export type BankMessage = Readonly<Record<string, unknown>>

/** Of few ids, so that events come twice; a third of another kind than anybody takes, and some that say none. */
export const randomMessage: fc.Arbitrary<BankMessage> = fc
  .tuple(fc.nat({ max: 30 }), fc.constantFrom('transfer', 'transfer', 'login', 7, 'refund', 'rate', null))
  .map(([n, kind]) => ({
    id: `e${n}`,
    at: NOW - n * 1_000,
    card_id: CARDS[n % CARDS.length],
    amount: n * n,
    kind,
  }))

/** What the service must say of each card: by the book. */
export function expected(messages: readonly BankMessage[], kinds: readonly unknown[] = ['transfer']): unknown[] {
  const of = (taken: readonly unknown[], card_id: string) => {
    const own = messages.filter((message) => taken.includes(message.kind) && message.card_id === card_id)
    return [...new Map(own.map((message) => [message.id, message])).values()]
  }
  return CARDS.map((card_id) => {
    const spent = of(kinds, card_id)
    const amount = spent.reduce((all, message) => all + (message.amount as number), 0)
    return { spending: [spent.length, amount], visits: of(['login', 7], card_id).length }
  })
}

/** The messages that the log still has. */
export async function messagesIn(log: EventLog, topic: string): Promise<BankMessage[]> {
  const found: BankMessage[] = []
  for (const { partition, start, end } of await log.ranges(topic)) {
    for (let at = start; at < end; ) {
      const { values, nextOffset } = await log.read(topic, partition, at, 1_000)
      found.push(...values.map((value) => JSON.parse(Buffer.from(value).toString())))
      // A log that fetches ahead may have nothing at hand for a moment.
      if (nextOffset === at) await log.wait(topic, 50)
      at = nextOffset
    }
  }
  return found
}

/** An archive that loses what `loses` says of an insert: a row of it, by its number. */
export class LossyArchive extends MemoryEventArchive {
  loses: (table: string, sequence: number) => boolean = () => false

  override insert(rows: Parameters<EventArchive['insert']>[0]): Promise<void> {
    const kept = [...rows.sequences.keys()].filter((row) => !this.loses(rows.table, rows.sequences[row]!))
    const only = <T>(list: readonly T[]): T[] => kept.map((row) => list[row]!)
    return super.insert({
      ...rows,
      values: rows.values.map(only),
      origins: only(rows.origins),
      sequences: only(rows.sequences),
      arrived_ms: only(rows.arrived_ms),
    })
  }
}
