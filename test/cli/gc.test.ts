import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { sweep } from '../../src/cli/housekeeping.ts'
import { recordLive } from '../../src/cli/live-definitions.ts'
import type { Model } from '../../src/features/model.ts'
import { timelinePrefix } from '../../src/features/timeline-key.ts'
import { backfillGroup } from '../../src/stores/backfill-marks.ts'
import { readTimelines } from '../../src/stores/timeline-registry.ts'
import { GcWorld, NEW, OLD, OLD_CARDS, watched } from './gc-world.ts'

const byShop = [...OLD.timelines.values()].find(({ entity }) => entity.name === 'shop')!
const byCard = [...NEW.timelines.values()][0]!

async function keysOf({ stores: { store } }: GcWorld, fingerprint: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys(timelinePrefix(fingerprint))) keys.push(key)
  return keys
}

/** Old definitions that come back are incomplete until a backfill, and then as they were. */
async function comesBack(world: GcWorld): Promise<void> {
  world.old = await world.process(OLD)
  await world.send(3)
  await world.old.archive()
  await world.old.stream()
  expect((await world.ask(OLD)).wrong).toEqual([])
  await world.old.backfill()
  expect(await world.ask(OLD)).toEqual({ wrong: [], ok: true })
}

describe('what no live definition uses', () => {
  it('is found', async () => {
    const world = await GcWorld.open()
    const { timelines, columns, retentions, groups, definitions } = await world.plan()
    expect(timelines).toEqual([{ fingerprint: byShop.fingerprint, source: 'payments', entity: 'shop' }])
    expect(columns).toMatchObject([{ fingerprint: byCard.fingerprint, names: ['points'] }])
    const day_ms = 86_400_000
    expect(retentions).toMatchObject([{ fingerprint: byCard.fingerprint, from_ms: 22 * day_ms, to_ms: 9 * day_ms }])
    expect(groups).toMatchObject([{ name: expect.stringMatching(/^millrace-[0-9a-f]{16}$/) }])
    expect(definitions).toHaveLength(1)
  })

  it('is nothing while a process names it', async () => {
    const world = await GcWorld.open()
    await recordLive(world.stores.store, OLD, world.now_ms)
    const none = { timelines: [], columns: [], retentions: [], groups: [], definitions: [] }
    expect(await world.plan()).toEqual(none)
    expect(await world.gc()).toEqual({ done: none, kept: [] })
    expect(await keysOf(world, byShop.fingerprint)).toHaveLength(2)
  })

  it('goes, and what is used stays as it is', async () => {
    const world = await GcWorld.open()
    const { store } = world.stores
    const plan = await world.plan()
    const sizes = async () => (await store.read(await keysOf(world, byCard.fingerprint))).map((rows) => rows!.length)
    const before = await sizes()
    expect(await world.gc()).toEqual({ done: plan, kept: [] })
    expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
    expect(await keysOf(world, byShop.fingerprint)).toEqual([])
    expect(await store.marks(backfillGroup(byShop.fingerprint))).toEqual([])
    expect(await store.document(`backfill/${byShop.fingerprint}`)).toBeNull()
    expect([...(await readTimelines(store)).keys()]).toEqual([byCard.fingerprint])
    expect(await store.groups()).not.toContain(plan.groups[0]!.name)
    const names = [...(await store.documents('')).keys()]
    expect(names.filter((name) => name.includes(plan.groups[0]!.name))).toEqual([])
    for (const prefix of ['live/', 'parts/']) expect(names.filter((name) => name.startsWith(prefix))).toHaveLength(1)
    for (const [i, size] of (await sizes()).entries()) expect(size).toBeLessThan(before[i]!)
    expect(await world.plan()).toEqual({ timelines: [], columns: [], retentions: [], groups: [], definitions: [] })
    // What is streamed from now on has the column no longer.
    world.now_ms += 2_000
    await world.send(4)
    await world.new.stream()
    await world.new.archive()
    expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
    const { schemas, retention_ms } = world.new.records.get(byCard.fingerprint)!
    expect(retention_ms).toBe(9 * 86_400_000)
    expect(schemas.retired).toEqual([schemas.columns.findIndex(({ name }) => name === 'points')])
    await comesBack(world)
    expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
  })

  it('stays where somebody is at work in the group, whatever the heartbeat says', async () => {
    const world = await GcWorld.open()
    const { store, log } = world.stores
    const { groups } = await world.plan()
    const removeGroup = log.removeGroup.bind(log)
    log.removeGroup = async (group) => group !== groups[0]!.name && removeGroup(group)
    const { done, kept } = await world.gc()
    expect(done).toMatchObject({ timelines: [], columns: [], retentions: [], groups: [] })
    expect(kept).toEqual([`the group ${groups[0]!.name} and what it writes: somebody is at work in it`])
    expect((await readTimelines(store)).size).toBe(2)
    // The stream of the old definitions has stood still: who serves them again goes on where it was.
    await world.old.stream()
    expect(await world.ask(OLD)).toEqual({ wrong: [], ok: true })
  })

  it('is not the group that the next definitions begin with', async () => {
    const world = await GcWorld.open()
    const [own] = (await world.plan()).groups
    const later = { ...world.rules, own: [], from_ms: world.now_ms + 1 }
    const { planGc } = await import('../../src/cli/gc-plan.ts')
    const { viewGc } = await import('../../src/cli/gc-run.ts')
    const { groups, definitions } = planGc(await viewGc(world.stores.store), { ...later, busy: new Set() })
    expect(groups).toEqual([own])
    expect(definitions).toHaveLength(1)
  })
})

/** How many calls of the store a run makes. */
async function countCalls(): Promise<number> {
  const world = await GcWorld.open()
  let calls = 0
  await world.gc(
    watched(world.stores.store, async (call) => {
      calls = call
    }),
  )
  return calls
}

describe('a run that is broken off', () => {
  it('leaves nothing wrong, wherever it was, and the next one ends it', async () => {
    const calls = await countCalls()
    expect(calls).toBeGreaterThan(30)
    for (let last = 1; last <= calls; last++) {
      const world = await GcWorld.open()
      const broken = watched(world.stores.store, async (call) => {
        if (call > last) throw new Error('killed')
      })
      await world.gc(broken).catch((error: Error) => expect(error.message).toBe('killed'))
      expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
      if (last % 2 === 0) {
        const { kept } = await world.gc()
        expect(kept).toEqual([])
        expect(await keysOf(world, byShop.fingerprint)).toEqual([])
        expect(await world.plan()).toMatchObject({ timelines: [], columns: [], retentions: [], groups: [] })
        expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
      }
      await comesBack(world)
      expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
    }
  })
})

type Act = (world: GcWorld) => Promise<void>

const start: Act = async (world) => {
  world.now_ms += 2_000
  world.old = await world.process(OLD)
  await world.send(3)
  await world.old.archive()
  await world.old.stream()
}
const fill: Act = async (world) => {
  world.now_ms += 2_000
  await world.send(2)
  await world.old.archive()
  await world.old.stream()
  await world.old.backfill()
}
/** A process that was never gone: it knows what it knew. */
const wake: Act = async (world) => {
  world.now_ms += 2_000
  await world.send(3)
  await world.old.archive()
  await world.old.stream()
}
/** The same, while the archive falls behind. */
const stream: Act = async (world) => {
  world.now_ms += 2_000
  await world.send(3)
  await world.old.stream()
}
const heartbeat: Act = (world) => recordLive(world.stores.store, OLD, world.now_ms)

describe('old definitions that come to life in the middle of it', () => {
  it.each<[string, Act, Act | null]>([
    ['start', start, null],
    ['start and are filled at once', async (world) => start(world).then(() => fill(world)), null],
    ['start, and are filled later', start, fill],
    ['start, and say so', start, heartbeat],
    ['were never gone', wake, null],
    ['were never gone, and are filled', wake, fill],
  ])('%s: never wrong, and complete after a backfill', async (_, first, second) => {
    const calls = await countCalls()
    for (let at = 1; at <= calls; at++) {
      for (const later of second === null ? [0] : [1, 2, 7]) {
        const world = await GcWorld.open()
        const store = watched(world.stores.store, async (call) => {
          if (call === at) await first(world)
          if (second !== null && call === at + later) await second(world)
        })
        await world.gc(store)
        await world.new.stream()
        expect((await world.ask(OLD)).wrong, `at call ${at}, then ${later}`).toEqual([])
        expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
        await fill(world)
        await world.new.stream()
        expect(await world.ask(OLD), `filled after call ${at}, then ${later}`).toEqual({ wrong: [], ok: true })
        expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
      }
    }
  })
})

describe('a whole run in the middle of a start', () => {
  /** Of a process that was never gone, where its group stays: as it was entered last, the next definitions begin where it is. */
  const enteredLast = async () => {
    const world = await GcWorld.open()
    world.now_ms += 1
    world.old = await world.process(OLD)
    await wake(world)
    return world
  }

  it.each<[string, () => Promise<GcWorld>, boolean]>([
    ['alone', GcWorld.open, false],
    ['beside a process that was never gone', GcWorld.open, true],
    ['beside one whose group stays', enteredLast, true],
  ])('is never wrong, and complete after a backfill: %s', async (_, open, beside) => {
    const counted = await open()
    let calls = 0
    await counted.process(
      OLD,
      watched(counted.stores.store, async (call) => {
        calls = call
      }),
    )
    expect(calls).toBeGreaterThan(10)
    for (let at = 1; at <= calls; at++) {
      const world = await open()
      const store = watched(world.stores.store, async (call) => {
        if (call !== at) return
        if (beside) await stream(world)
        await world.gc()
      })
      world.old = await world.process(OLD, store)
      // The archive is behind when the backfill begins: it must wait for all that gc may have taken away.
      await stream(world)
      const filled = world.old.backfill()
      await sleep(10)
      await world.old.archive()
      await filled
      await world.new.stream()
      expect(await world.ask(OLD), `at call ${at}`).toEqual({ wrong: [], ok: true })
      expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
    }
  })
})

describe('a backfill that goes on in the middle of it', () => {
  /** Runs the backfill to its n-th call, then a run of gc to its m-th, then the backfill to its end, then gc. */
  async function interleaved(model: Model, n: number, m: number) {
    const world = await GcWorld.open()
    let calls = 0
    let release = () => {}
    let gcCalls = 0
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    let reached = () => {}
    const stopped = new Promise<void>((resolve) => {
      reached = resolve
    })
    let counting = false
    const store = watched(world.stores.store, async () => {
      if (!counting || ++calls !== n) return
      reached()
      await released
    })
    world.now_ms += 2_000
    world.old = await world.process(model, store)
    await world.send(3)
    await world.old.archive()
    await world.old.stream()
    counting = true
    const filled = world.old.backfill().catch((error: Error) => error.message)
    await Promise.race([stopped, filled])
    const rest = async () => {
      release()
      await filled
      await world.send(3)
      await world.old.archive()
      await world.old.stream()
    }
    await world.gc(
      watched(world.stores.store, async (call) => {
        gcCalls = call
        if (call === m) await rest()
      }),
    )
    if (gcCalls < m) await rest()
    expect((await world.ask(model)).wrong, `at call ${n} and ${m}`).toEqual([])
    await world.new.stream()
    expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
    await fill(world)
    await world.new.stream()
    expect(await world.ask(model), `filled after call ${n} and ${m}`).toEqual({ wrong: [], ok: true })
    return { calls, gcCalls }
  }

  it.each([
    ['timelines', OLD],
    ['columns', OLD_CARDS],
  ])('is never wrong, wherever both are: %s', async (_, model) => {
    const { calls, gcCalls } = await interleaved(model, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    expect(calls).toBeGreaterThan(15)
    for (let n = 1; n <= calls; n += 3)
      for (let m = 1 + (n % 5); m <= gcCalls + 1; m += 5) await interleaved(model, n, m)
  })
})

describe('two runs at once', () => {
  it('remove it once, whichever is ahead, and nothing is wrong', async () => {
    const calls = await countCalls()
    for (let at = 1; at <= calls; at++) {
      const world = await GcWorld.open()
      let other: Promise<unknown> | null = null
      const store = watched(world.stores.store, async (call) => {
        if (call === at) other = world.gc()
        if (call === at && at % 2 === 0) await other
      })
      await world.gc(store)
      await other
      expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
      await world.gc()
      expect(await world.plan()).toMatchObject({ timelines: [], columns: [], retentions: [], groups: [] })
      await comesBack(world)
    }
  })
})

describe('a sweep after a retention was shortened', () => {
  const swept = async (world: GcWorld, store = world.stores.store) =>
    sweep(store, world.now_ms, new AbortController().signal)
  const shortened = async () => {
    const world = await GcWorld.open()
    await world.gc()
    world.now_ms += 3 * 86_400_000
    return world
  }
  const bytes = async (world: GcWorld) =>
    (await world.stores.store.read(await keysOf(world, byCard.fingerprint))).reduce(
      (sum, rows) => sum + rows!.length,
      0,
    )

  it('prunes, and a longer window is complete after a backfill', async () => {
    const world = await shortened()
    const before = await bytes(world)
    await swept(world)
    expect(await bytes(world)).toBeLessThan(before)
    expect(await world.ask(NEW)).toEqual({ wrong: [], ok: true })
    await comesBack(world)
    await swept(world)
    expect(await world.ask(OLD)).toEqual({ wrong: [], ok: true })
  })

  it('does not prune what is filled for a longer window meanwhile', async () => {
    let calls = 0
    const counted = await shortened()
    await swept(
      counted,
      watched(counted.stores.store, async (call) => {
        calls = call
      }),
    )
    for (let at = 1; at <= calls; at++) {
      const world = await shortened()
      const store = watched(world.stores.store, async (call) => {
        if (call === at) await start(world).then(() => fill(world))
      })
      await swept(world, store)
      expect((await world.ask(OLD)).wrong, `at call ${at}`).toEqual([])
      await fill(world)
      expect(await world.ask(OLD), `at call ${at}`).toEqual({ wrong: [], ok: true })
    }
  })
})
