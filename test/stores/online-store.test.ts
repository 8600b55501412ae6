import { open } from 'lmdb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LmdbEnvironment } from '../../src/stores/lmdb/environment.ts'
import { openEmbeddedOnlineStore } from '../../src/stores/online/embedded.ts'
import { EMBEDDED_LIMITS, type EmbeddedLimits, openDatabases } from '../../src/stores/online/embedded-layout.ts'
import { Journal } from '../../src/stores/online/journal.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import type { OnlineStore } from '../../src/stores/online-store.ts'
import { numbers, range, row, rows } from './numbered-rows.ts'
import { type OnlineStoreFixture, onlineStoreContract } from './online-store.contract.ts'
import { SeededRandom } from './seeded-random.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** So small that a handful of rows passes every boundary: journal parts, folds, pages. */
const SMALL: EmbeddedLimits = { tail_bytes: 100, page_bytes: 64, recent_bytes: 2_000, fold_keys: 7 }

/** A fold all the time. */
const RESTLESS: EmbeddedLimits = { tail_bytes: 60, page_bytes: 48, recent_bytes: 1, fold_keys: 1_000 }

async function embedded(limits: EmbeddedLimits): Promise<OnlineStoreFixture> {
  const folder = await temporaryFolder()
  let store = await openEmbeddedOnlineStore(folder.path, limits)
  return {
    store,
    async reopen() {
      await store.close()
      store = await openEmbeddedOnlineStore(folder.path, limits)
      return store
    },
    async dispose() {
      await store.close()
      await folder.remove()
    },
  }
}

onlineStoreContract('MemoryOnlineStore', async () => {
  const store = new MemoryOnlineStore()
  return { store, dispose: () => store.close() }
})
onlineStoreContract('EmbeddedOnlineStore', () => embedded(EMBEDDED_LIMITS))
onlineStoreContract('EmbeddedOnlineStore with small limits', () => embedded(SMALL))
onlineStoreContract('EmbeddedOnlineStore that folds all the time', () => embedded(RESTLESS))

describe('EmbeddedOnlineStore', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())

  const add = (key: string, ...list: number[]) => ({ key, rows: rows(...list), expires_at_ms: null })

  it('gives rows back in the order in which they came', async () => {
    const store = await openEmbeddedOnlineStore(folder.path, SMALL)
    const put: Uint8Array[] = []
    for (let i = 0; i < 200; i++) {
      put.push(row(i))
      await store.append([add('k', i), add(`other${i % 7}`, i)])
      expect(Buffer.compare((await store.read(['k']))[0]!, Buffer.concat(put))).toBe(0)
    }
    await store.close()
  })

  it('refuses a folder that is in use, and leaves it in peace', async () => {
    const store = await openEmbeddedOnlineStore(folder.path)
    await expect(openEmbeddedOnlineStore(folder.path)).rejects.toMatchObject({
      code: 'STORE_IN_USE',
      message: `${folder.path} is in use by process ${process.pid}: stop that process, or ask it through its HTTP API`,
    })
    await store.append([add('k', 1)])
    expect(numbers((await store.read(['k']))[0]!)).toEqual([1])
    await store.close()
    const again = await openEmbeddedOnlineStore(folder.path)
    expect(numbers((await again.read(['k']))[0]!)).toEqual([1])
    await again.close()
  })

  it('takes a folder over whose owner has died', async () => {
    await (await openEmbeddedOnlineStore(folder.path)).close()
    await writeOwner(folder.path, { pid: 2 ** 22 + 1, started: 'never' })
    const store = await openEmbeddedOnlineStore(folder.path)
    await store.append([add('k', 1)])
    await store.close()
  })

  it('writes nothing once another process has taken the folder over', async () => {
    const first = await openEmbeddedOnlineStore(folder.path)
    await first.append([add('k', 1)])
    // As a process in another container would: it cannot see that the owner runs.
    await writeOwner(folder.path, null)
    const second = await openEmbeddedOnlineStore(folder.path)
    await expect(first.append([add('k', 2)])).rejects.toMatchObject({ code: 'STORE_TAKEN' })
    await expect(first.putDocument('d', 1, 0)).rejects.toMatchObject({ code: 'STORE_TAKEN' })
    await second.append([add('k', 3)])
    await expect(first.swap('k', row(1), row(9))).rejects.toMatchObject({ code: 'STORE_TAKEN' })
    expect(numbers((await second.read(['k']))[0]!)).toEqual([1, 3])
    await second.close()
    await first.close()
  })

  it('never gives a number to two entries of its journal', async () => {
    for (const expected of [0, 2, 4]) {
      const environment = await LmdbEnvironment.open(folder.path)
      const journal = new Journal(openDatabases(environment), SMALL)
      expect([...journal.load()]).toEqual([])
      expect(journal.last).toBe(expected)
      for (const number of [expected + 1, expected + 2]) {
        let parts = 0
        await environment.commit(() => {
          parts = journal.put(number, Buffer.alloc(100))
        })
        journal.added(number, parts)
      }
      await environment.commit(() => journal.remove(expected + 2))
      await environment.close()
    }
  })

  it.each([1, 2, 3])('holds what a model holds, through folds, reopening and all else (seed %i)', async (seed) => {
    const random = new SeededRandom(seed)
    const keys = range(0, 12).map((i) => `${random.pick(['p', 'q'])}:${'x'.repeat(random.below(30))}${i}`)
    const model = new MemoryOnlineStore()
    let store = await openEmbeddedOnlineStore(folder.path, SMALL)
    const both = async <T>(act: (side: OnlineStore) => Promise<T>) => {
      const [ours, theirs] = [await act(store), await act(model)]
      expect(ours).toEqual(theirs)
      return ours
    }
    for (let step = 0; step < 600; step++) {
      const key = random.pick(keys)
      const choice = random.below(100)
      if (choice < 70) {
        const appends = range(0, 1 + random.below(4)).map((i) => ({
          key: random.pick(keys),
          rows: rows(...range(step * 10, step * 10 + 1 + random.below(i === 0 ? 12 : 2))),
          expires_at_ms: random.pick([null, 1_000 + step, 1_200]),
        }))
        await both((side) => side.append(appends))
      } else if (choice < 85) {
        const seen = (await model.read([key]))[0]
        const beginning = seen?.subarray(0, 16 * random.below(1 + seen.length / 16)) ?? row(1)
        const next = rows(...range(0, random.below(8)))
        await both((side) => side.swap(key, beginning, next))
      } else if (choice < 88) {
        const prefix = random.pick([key, key.slice(0, 4)])
        await both((side) => side.remove(prefix))
      } else if (choice < 91) {
        const now_ms = 1_000 + random.below(step + 1)
        await both((side) => side.expire(now_ms))
      } else if (choice < 94) {
        await store.close()
        store = await openEmbeddedOnlineStore(folder.path, SMALL)
      }
      const [ours, theirs] = [await store.read(keys), await model.read(keys)]
      expect(ours.map(hex)).toEqual(theirs.map(hex))
    }
    await store.close()
  })
})

const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('latin1'))

async function writeOwner(path: string, owner: object | null): Promise<void> {
  const root = open<Buffer, string>(path, { encoding: 'binary', noSubdir: false, overlappingSync: false })
  const database = root.openDB<Buffer, string>({ name: 'owner', encoding: 'binary', useVersions: true })
  await database.put('owner', Buffer.from(JSON.stringify(owner)), 7)
  await root.close()
}
