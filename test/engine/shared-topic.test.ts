import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BackfillError } from '../../src/backfill/backfill-error.ts'
import { trimLog } from '../../src/cli/housekeeping.ts'
import { openChdbArchive } from '../../src/stores/archive/chdb.ts'
import { openEmbeddedEventLog } from '../../src/stores/log/embedded.ts'
import { openEmbeddedOnlineStore } from '../../src/stores/online/embedded.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { quarantinedEvents } from '../../src/stores/quarantine.ts'
import { games, open, play, said } from './bank-game.ts'
import { type BankMessage, expected, LossyArchive, NOW, TOPIC } from './bank-kit.ts'
import { memoryStores } from './whole.ts'

const now = () => NOW

describe('sources that share a topic', () => {
  it('each have their events and no others, in any order of work, though one came later and the log was trimmed', async () => {
    await fc.assert(
      fc.asyncProperty(games, (game) => play(memoryStores(now), game)),
      { numRuns: 300, seed: 21 },
    )
  })

  it('the same over LMDB and ClickHouse as a library', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-shared-'))
    const archive = await openChdbArchive(join(folder, 'archive'))
    let played = 0
    try {
      await fc.assert(
        fc.asyncProperty(games, async (game) => {
          const own = join(folder, String(played++))
          const log = await openEmbeddedEventLog(join(own, 'log'), { now })
          const store = await openEmbeddedOnlineStore(join(own, 'online'))
          try {
            await play({ log, store, archive }, game, `g${played}.`)
          } finally {
            await log.close()
            await store.close()
          }
        }),
        { numRuns: 12, seed: 22, endOnFailure: true },
      )
    } finally {
      await archive.close()
      await rm(folder, { recursive: true, force: true })
    }
  })

  const message = (n: number, kind: unknown): BankMessage => ({
    ...{ id: `e${n}`, at: NOW - n * 1_000, card_id: 'a', amount: 1, kind },
  })

  it('keep what says of no kind aside once, under the first of them', async () => {
    const whole = await open(memoryStores(now), { logins: true })
    await whole.send('transfers', [message(1, 'transfer'), message(2, null), message(3, 'rate'), message(4, 'login')])
    await whole.send('transfers', [{ kind: 'transfer', card_id: 'a' }])
    await whole.stream()
    expect(whole.quarantined).toHaveLength(2)
    const { log } = whole.stores
    const kept = (name: string) => quarantinedEvents(log, whole.model.sources.get(name)!)
    expect([await kept('logins'), await kept('transfers')]).toEqual([1, 1])
    expect((await log.topics()).sort()).toEqual([
      'bank.events',
      'bank.events.quarantine.logins',
      'bank.events.quarantine.transfers',
    ])
  })

  it.each([
    ['a row of its table', 'transfers', 2],
    ['a note of what others had', 'millrace_passed', 1],
  ])('tell of a hole where the archive lost %s', async (_, table, lost) => {
    const archive = new LossyArchive()
    archive.loses = (name, sequence) => name === table && sequence === lost
    const stores = { ...memoryStores(now), archive }
    await stores.log.ensureTopic(TOPIC, 1)
    const whole = await open(stores, { logins: false })
    const sent = ['transfer', 'login', 'transfer', 'login', 'rate', 'transfer'].map((kind, n) => message(n, kind))
    await whole.send('transfers', sent)
    await whole.stream()
    // Other kinds are another timeline, which begins where the stream is: what was before that must be in the archive.
    const wider = await open(stores, { logins: false, kinds: ['transfer', 'refund'] })
    await wider.archive()
    const failed = await wider.backfill().catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(BackfillError)
    expect((failed as BackfillError).code).toBe('ARCHIVE_HOLE')
    expect((failed as Error).message).toContain(`at offset ${lost}`)
  })

  it('tell of a hole also where the store lost all that it knew, and the log all that came before', async () => {
    const archive = new LossyArchive()
    archive.loses = (name, sequence) => name === 'transfers' && sequence === 12
    const stores = { ...memoryStores(now), archive }
    await stores.log.ensureTopic(TOPIC, 1)
    const whole = await open(stores, { logins: false })
    const kinds = [...Array<string>(10).fill('rate'), ...Array<string>(5).fill('transfer')]
    await whole.send(
      'transfers',
      kinds.map((kind, n) => message(n, kind)),
    )
    await whole.stream()
    await whole.archive()
    await stores.log.trim(TOPIC, 0, 15, Number.MAX_SAFE_INTEGER)
    const again = await open({ ...stores, store: new MemoryOnlineStore() }, { logins: false })
    const failed = await again.backfill().catch((error: unknown) => error)
    expect((failed as Error).message).toContain(
      'lacks 1 of the 15 events that bank.events/0 had from offset 0 to 15, the first of them at offset 12',
    )
  })

  it('take another kind from the earliest message on that the log still has', async () => {
    const stores = memoryStores(now)
    const whole = await open(stores, { logins: true })
    const sent = ['transfer', 'refund', 'login', 'refund', 'rate', 'transfer'].map((kind, n) => message(n, kind))
    await whole.send('transfers', sent)
    await whole.stream()
    await whole.archive()
    await whole.backfill()
    expect(await said(whole)).toEqual(expected(sent))
    const kinds = ['refund', 'transfer']
    const wider = await open(stores, { logins: true, kinds })
    const before = await wider.vectors.answer('s', { keys: { card_id: 'a' }, at: NOW })
    expect(before.status).toEqual({ spending__n_30d: 'incomplete', spending__amount_30d: 'incomplete' })
    await wider.archive()
    await wider.backfill()
    expect(await said(wider)).toEqual(expected(sent, kinds))
  })

  it('hold the log until each of them is archived', async () => {
    const stores = memoryStores(now)
    const first = await open(stores, { logins: false })
    await first.send('transfers', [message(1, 'transfer'), message(2, 'login'), message(3, 'login')])
    await first.stream()
    await first.archive()
    const both = await open(stores, { logins: true })
    await both.stream()
    const late = NOW + 30 * 86_400_000
    const group = (await stores.store.marks()).at(-1)!.group
    const trim = () => trimLog(stores.store, stores.log, both.model, group, late)
    expect(await trim()).toBe(0)
    await both.archive()
    expect(await trim()).toBe(3)
  })
})
