import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Installation } from './installation.ts'
import { LONG, scenario } from './scenario.ts'
import type { Variant } from './world/definitions.ts'
import { worldOf } from './world/world.ts'

export type Order = 'stream first' | 'API first'

/** Starts processes with other definitions beside the old ones, in some order, and ends the old ones. Answers the new API. */
async function rollOut(installation: Installation, variant: Variant, order: Order) {
  const world = worldOf(variant)
  const old = [...installation.processes]
  const commands =
    order === 'stream first' ? (['stream', 'archive', 'serve'] as const) : (['serve', 'archive', 'stream'] as const)
  for (const command of commands) {
    await installation.started(command, world)
    await sleep(1_500)
  }
  const serve = installation.all('serve').at(-1)!
  await sleep(LONG ? 20_000 : 3_000)
  for (const process of old) {
    await installation.retire(process)
    await sleep(1_000)
  }
  return { world, serve }
}

/** One feature has less than it needs until it is back-filled; all others stay ok. */
async function incompleteUntilFilled(installation: Installation, variant: Variant, order: Order, feature: string) {
  await installation.open()
  await installation.untilOk()
  installation.judge.stays.on()
  const { serve, world } = await rollOut(installation, variant, order)
  const statuses = await installation.statuses(serve, world)
  const notOk = [...statuses].filter(([, status]) => status !== 'ok')
  expect(notOk).toEqual([[feature, 'incomplete']])
  await installation.fill(world)
  await installation.untilOk(serve)
}

/** The scenarios of one order: each order is a file of its own, to run beside others. */
export function rollOuts(order: Order): void {
  scenario(`a roll-out under load, ${order}: a feature less needs no backfill`, { seed: 81 }, async (installation) => {
    await installation.open()
    await installation.untilOk()
    installation.judge.stays.on()
    const { serve } = await rollOut(installation, 'fewer', order)
    await installation.untilOk(serve)
  })

  scenario(
    `a roll-out under load, ${order}: a longer window is incomplete until it is back-filled, the others stay ok`,
    { seed: 82 },
    (installation) => incompleteUntilFilled(installation, 'longer', order, 'card__long_10d'),
  )

  scenario(
    `a roll-out under load, ${order}: a new column is incomplete until it is back-filled, the others stay ok`,
    { seed: 83 },
    (installation) => incompleteUntilFilled(installation, 'column', order, 'card__points_7d'),
  )
}
