import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Exchange } from '../../../src/stores/online/redis/exchange.ts'
import { KeyNames } from '../../../src/stores/online/redis/key-names.ts'
import type { KeyedCommand } from '../../../src/stores/online/redis/keyed-command.ts'
import { MarkKeeper, NO_ROWS } from '../../../src/stores/online/redis/mark-keeper.ts'
import { nodesText } from '../../../src/stores/online/redis/mark-record.ts'
import { Nodes } from '../../../src/stores/online/redis/nodes.ts'
import { parseRedisUrl } from '../../../src/stores/online/redis/redis-url.ts'
import { RedisCluster, type RedisServer } from './redis-servers.ts'

const names = new KeyNames('', null)
const move = (from: number | null, offset: number) => ({ group: 'g', topic: 't', partition: 0, from, offset })

/** An exchange whose answers come late, in the meantime of which something else is done. */
class LateExchange extends Exchange {
  #meanwhile: (() => Promise<unknown>)[] = []

  /** What is done before the answers of the next calls are given, one after another; nothing for those behind them. */
  meanwhile(...acts: readonly (() => Promise<unknown>)[]): void {
    this.#meanwhile = [...acts]
  }

  override async settle(commands: readonly KeyedCommand[], rules = {}): Promise<void> {
    const act = this.#meanwhile.shift()
    await super.settle(commands, rules)
    await act?.()
  }
}

const nothing = async () => {}

describe('marks, while slots are moved between nodes', () => {
  let cluster: RedisCluster
  let masters: readonly RedisServer[]
  const open: Nodes[] = []
  const given: number[] = []

  beforeAll(async () => {
    cluster = await RedisCluster.start(3, 0)
    masters = cluster.masters()
  })
  afterAll(() => cluster?.dispose())

  beforeEach(() => {
    for (const node of cluster.nodes) node.cli('flushall')
  })
  afterEach(async () => {
    for (const nodes of open.splice(0)) nodes.close()
    for (const slot of given.splice(0)) await give(slot, 1)
  })

  /** A process that keeps marks, and has looked at them. */
  async function processOf(writer: string) {
    const settings = { user: null, password: null, database: 0, tls: null, timeout_ms: 2_000 }
    const nodes = await Nodes.open(parseRedisUrl(cluster.url), settings)
    open.push(nodes)
    const exchange = new LateExchange(nodes, 500)
    const keeper = new MarkKeeper(exchange, names, writer)
    await keeper.load()
    const offsets = async () => (await keeper.read()).map(({ offset }) => offset)
    const look = async () => {
      await nodes.refresh()
      await keeper.load()
    }
    return { nodes, exchange, keeper, offsets, look }
  }

  /** Gives a slot that has no keys to another of the three nodes. Each one's lowest slot, where its record stands, stays. */
  async function give(slot: number, to: number): Promise<void> {
    const owner = masters[to]!
    if (to === 0) given.push(slot)
    const id = owner.cli('cluster', 'myid')
    const others = masters.filter((one) => one !== owner)
    // Only who was importing a slot outbids all that was known of it.
    owner.cli('cluster', 'setslot', String(slot), 'importing', others[0]!.cli('cluster', 'myid'))
    for (const node of [owner, ...others]) node.cli('cluster', 'setslot', String(slot), 'node', id)
    await cluster.agree()
  }

  it('are there for one who learns of it after another has given the nodes their marks', async () => {
    const [late, early] = [await processOf('late'), await processOf('early')]
    await late.keeper.move([move(null, 7)], NO_ROWS)
    await early.look()
    await give(6_000, 0)
    await early.look()
    expect(await late.offsets()).toEqual([7])
    expect(await late.keeper.move([move(7, 9)], NO_ROWS)).toBe(true)
    expect(await early.offsets()).toEqual([9])
  })

  it('are there for one who is two moves behind, of which another has seen the first', async () => {
    const [late, early] = [await processOf('late'), await processOf('early')]
    await late.keeper.move([move(null, 7)], NO_ROWS)
    await early.look()
    await give(6_000, 0)
    await early.look()
    expect(await early.keeper.move([move(7, 9)], NO_ROWS)).toBe(true)
    await give(6_001, 0)
    await late.look()
    expect(await late.offsets()).toEqual([9])
    await early.look()
    expect(await early.offsets()).toEqual([9])
  })

  it('are there for one who is three moves behind, of which others have seen one each', async () => {
    const [late, early, middle] = [await processOf('late'), await processOf('early'), await processOf('middle')]
    await late.keeper.move([move(null, 7)], NO_ROWS)
    await Promise.all([early.look(), middle.look()])
    await give(6_000, 0)
    await early.look()
    await give(6_001, 0)
    await middle.look()
    expect(await middle.keeper.move([move(7, 9)], NO_ROWS)).toBe(true)
    await give(6_002, 0)
    await late.look()
    expect(await late.offsets()).toEqual([9])
  })

  it('are there after somebody died while he gave them to the nodes', async () => {
    const { nodes, keeper, look, offsets } = await processOf('w')
    await keeper.move([move(null, 7)], NO_ROWS)
    await give(6_000, 0)
    await nodes.refresh()
    const [first, record] = [masters[0]!, names.marksOf(0)]
    const [born] = first.cli('hget', record, 'state').split('/')
    const adopted = ['slots', nodes.view.masters[0]!.claim, 'nodes', nodesText(nodes.view), 'state', `${born}/2`]
    first.cli('hset', record, ...adopted)
    await look()
    expect(await offsets()).toEqual([7])
  })

  it('are there for one who has just started, while another has still to see the move', async () => {
    const running = await processOf('running')
    await running.keeper.move([move(null, 7)], NO_ROWS)
    await give(6_000, 0)
    const seen = sleep(300).then(running.look)
    expect(await (await processOf('new')).offsets()).toEqual([7])
    await seen
  })

  it('are not begun anew by a move between whose nodes a look came', async () => {
    const { exchange, keeper, look } = await processOf('w')
    await keeper.move([move(null, 7)], NO_ROWS)
    exchange.meanwhile(async () => {
      await give(6_000, 0)
      await look()
    })
    expect(await keeper.move([move(7, 9)], NO_ROWS)).toBe(true)
    await give(6_001, 0)
    await look()
    expect((await keeper.read()).map(({ offset }) => offset)).toEqual([9])
  })

  it('stay known where a look came before the answers of a move', async () => {
    const { exchange, keeper, look, offsets } = await processOf('w')
    await keeper.move([move(null, 7)], NO_ROWS)
    exchange.meanwhile(nothing, async () => {
      await give(6_000, 0)
      await look()
    })
    expect(await keeper.move([move(7, 9)], NO_ROWS)).toBe(true)
    await give(6_001, 0)
    await look()
    expect(await offsets()).toEqual([9])
  })

  it('stay known to a look during which another one saw more', async () => {
    const { exchange, keeper, look, offsets } = await processOf('w')
    await keeper.move([move(null, 7)], NO_ROWS)
    await give(6_000, 0)
    // It has seen the records as they were, and learns what has become of them when another look has gone on.
    exchange.meanwhile(nothing, async () => {
      await give(6_001, 0)
      await look()
    })
    await look()
    expect(await offsets()).toEqual([7])
  })

  it('are gone where a node lost its record, for whoever looks', async () => {
    const [a, b] = [await processOf('a'), await processOf('b')]
    await a.keeper.move([move(null, 7)], NO_ROWS)
    await b.look()
    await give(6_000, 0)
    masters[2]!.cli('flushall')
    await a.look()
    await b.look()
    expect([await a.offsets(), await b.offsets()]).toEqual([[], []])
    expect(await a.keeper.move([move(null, 3)], NO_ROWS)).toBe(true)
    expect(await b.offsets()).toEqual([3])
  })
})
