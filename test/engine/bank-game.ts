import fc from 'fast-check'
import { expect } from 'vitest'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import {
  type BankMessage,
  type BankOptions,
  bank,
  CARDS,
  expected,
  messagesIn,
  NOW,
  randomMessage,
  TOPIC,
} from './bank-kit.ts'
import { type Stores, Whole } from './whole.ts'

const now = () => NOW

export async function open(stores: Stores, options: BankOptions): Promise<Whole> {
  return new Whole(bank(options), 'wall', now, stores).open()
}

/** What the service says of each card, where all of it is ok. */
export async function said(whole: Whole): Promise<unknown[]> {
  const answers = await Promise.all(CARDS.map((card_id) => whole.vectors.answer('s', { keys: { card_id }, at: NOW })))
  return answers.map(({ features, status }) => {
    expect(status).toEqual({})
    const { spending__n_30d: n, spending__amount_30d: amount, visits__n_30d: visits } = features
    return { spending: [n, amount], ...(visits !== undefined && { visits }) }
  })
}

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('send' as const), messages: fc.array(randomMessage, { maxLength: 12 }) }),
    fc.constantFrom({ do: 'stream' as const }, { do: 'archive' as const }, { do: 'restart' as const }),
  ),
  { maxLength: 10 },
)
export const games = fc.record({
  before: steps,
  /** How much of each partition the log drops, of what is archived, before the logins are read, too. */
  trimmed: fc.nat({ max: 100 }),
  after: steps,
  loses: fc.boolean(),
})
type Game = typeof games extends fc.Arbitrary<infer G> ? G : never

/** Transfers first, logins later; everything in any order, and in the end all of it by the book. */
export async function play(stores: Stores, { before, trimmed, after, loses }: Game, prefix = ''): Promise<void> {
  const topic = `${prefix}${TOPIC}`
  const sent: BankMessage[] = []
  let options: BankOptions = { logins: false, prefix }
  let whole = await open(stores, options)
  const take = async (list: Game['before']) => {
    for (const step of list) {
      if (step.do === 'send') {
        sent.push(...step.messages)
        await whole.send('transfers', step.messages)
      } else if (step.do === 'restart') whole = await open(whole.stores, options)
      else await whole[step.do]()
    }
  }
  await take(before)
  await whole.stream()
  await whole.archive()
  for (const { partition, start, end } of await stores.log.ranges(topic)) {
    const offset = start + Math.floor(((end - start) * trimmed) / 100)
    await stores.log.trim(topic, partition, offset, Number.MAX_SAFE_INTEGER)
  }
  const transfers = sent.filter(({ kind }) => kind === 'transfer')
  // Of what was gone before anybody read them, nothing can be said.
  const others = (await messagesIn(stores.log, topic)).filter(({ kind }) => kind !== 'transfer')
  options = { logins: true, prefix }
  whole = await open(stores, options)
  const begun = sent.length
  await take(after)
  // All that is known now is in the archive, and in what the log still has.
  if (loses) whole = await open({ ...stores, store: new MemoryOnlineStore() }, options)
  await whole.stream()
  await whole.archive()
  await whole.backfill()
  expect(await said(whole)).toEqual(expected([...transfers, ...others, ...sent.slice(begun)]))
}
