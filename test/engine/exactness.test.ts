import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { openChdbArchive } from '../../src/stores/archive/chdb.ts'
import { openEmbeddedEventLog } from '../../src/stores/log/embedded.ts'
import { openEmbeddedOnlineStore } from '../../src/stores/online/embedded.ts'
import { ForgetfulStore } from './forgetful-store.ts'
import { lossyScenario, NOW, play, revisedScenario, scenario } from './game.ts'
import { memoryStores } from './whole.ts'

describe('archive, stream, backfill and serving give the number of the naive oracle, or say that they do not', () => {
  it('for random definitions, events, overlaps, orders of work and instants', async () => {
    const game = fc.asyncProperty(scenario, (played) =>
      play(
        memoryStores(() => NOW),
        'events',
        played,
      ),
    )
    await fc.assert(game, { numRuns: 400, seed: 42 })
  })

  it('also when definitions take over that compute columns otherwise', async () => {
    const game = fc.asyncProperty(revisedScenario, (played) =>
      play(
        memoryStores(() => NOW),
        'events',
        played,
      ),
    )
    await fc.assert(game, { numRuns: 300, seed: 46 })
  })

  it('also when the online store loses all that it holds, or what came last, with its documents or without', async () => {
    const game = fc.asyncProperty(lossyScenario, (played) => {
      const lossy = new ForgetfulStore()
      return play({ ...memoryStores(() => NOW), store: lossy.store }, 'events', played, lossy)
    })
    await fc.assert(game, { numRuns: 600, seed: 45 })
  })

  it('the same over LMDB and ClickHouse as a library', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-exactness-'))
    const archive = await openChdbArchive(join(folder, 'archive'))
    let games = 0
    const game = fc.asyncProperty(revisedScenario, async (played) => {
      const own = join(folder, String(games++))
      const log = await openEmbeddedEventLog(join(own, 'log'), { now: () => NOW })
      const store = await openEmbeddedOnlineStore(join(own, 'online'))
      try {
        await play({ log, store, archive }, `events_${games}`, played)
      } finally {
        await log.close()
        await store.close()
      }
    })
    try {
      await fc.assert(game, { numRuns: 40, seed: 43, endOnFailure: true })
    } finally {
      await archive.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
