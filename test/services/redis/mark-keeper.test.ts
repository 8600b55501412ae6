import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppendCommand } from '../../../src/stores/online/redis/append-command.ts'
import { Exchange } from '../../../src/stores/online/redis/exchange.ts'
import { KeyNames } from '../../../src/stores/online/redis/key-names.ts'
import { MarkKeeper, NO_ROWS, type RowProofs } from '../../../src/stores/online/redis/mark-keeper.ts'
import { Nodes } from '../../../src/stores/online/redis/nodes.ts'
import { parseRedisUrl } from '../../../src/stores/online/redis/redis-url.ts'
import { row } from '../../stores/numbered-rows.ts'
import { RedisCluster } from './redis-servers.ts'

const names = new KeyNames('', null)
const move = (from: number | null, offset: number) => ({ group: 'g', topic: 't', partition: 0, from, offset })
const appended = (key: string, rows: Uint8Array) =>
  new AppendCommand(names).renew({ key, rows, expires_at_ms: null }, 0)
const PLACE = '["g","t",0]'

describe('marks on every node', () => {
  let cluster: RedisCluster
  let nodes: Nodes
  let exchange: Exchange
  let keeper: MarkKeeper

  beforeAll(async () => {
    cluster = await RedisCluster.start(3, 0)
  })
  afterAll(() => cluster?.dispose())

  beforeEach(async () => {
    for (const node of cluster.nodes) node.cli('flushall')
    const settings = { user: null, password: null, database: 0, tls: null, timeout_ms: 2_000 }
    nodes = await Nodes.open(parseRedisUrl(cluster.url), settings)
    exchange = new Exchange(nodes, 500)
    keeper = new MarkKeeper(exchange, names, 'w')
  })
  afterEach(() => nodes.close())

  /** Rows to all three nodes, and what proves them. */
  async function written(): Promise<RowProofs> {
    const proofs = { view: nodes.view, field: '~w', written: new Map<number, string>() }
    const commands = Array.from({ length: 20 }, (_, i) => appended(`k${i}`, row(i)))
    await exchange.settle(commands, { voids: true, tail: keeper.prove(proofs) })
    expect(proofs.written.size).toBe(3)
    return proofs
  }
  const nodeOf = (i: number) => cluster.masters()[i]!
  const record = (i: number) => names.marksOf(nodes.view.masters[i]!.home)
  const markOn = (i: number) => Number(nodeOf(i).cli('hget', record(i), PLACE))
  const marks = async () => (await keeper.read()).map(({ offset }) => offset)

  it('stand on each, and nothing else is left there', async () => {
    expect(await keeper.move([move(null, 7)], await written())).toBe(true)
    for (const [i, { claim }] of nodes.view.masters.entries()) {
      expect(markOn(i)).toBe(7)
      expect(nodeOf(i).cli('hget', record(i), 'slots')).toBe(claim)
      expect(nodeOf(i).cli('hlen', record(i))).toBe('4')
    }
  })

  it.each([0, 1, 2])('do not move where node %i lost what was written behind its rows', async (lost) => {
    await keeper.move([move(null, 7)], await written())
    const proofs = await written()
    nodeOf(lost).cli('hdel', record(lost), '~w')
    expect(await keeper.move([move(7, 9)], proofs)).toBe(false)
    expect(markOn(lost)).toBe(7)
    expect(await marks()).toEqual([7])
    // Whoever writes the rows again may then move it.
    expect(await keeper.move([move(7, 9)], await written())).toBe(true)
    expect(await marks()).toEqual([9])
  })

  it('do not move by what an earlier round wrote', async () => {
    const earlier = await written()
    await written()
    expect(await keeper.move([move(null, 7)], earlier)).toBe(false)
    expect(await marks()).toEqual([])
  })

  it('do not move where slots have got other owners since the rows were written', async () => {
    const proofs = await written()
    expect(await keeper.move([move(null, 7)], { ...proofs, view: { ...nodes.view } })).toBe(false)
  })

  it.each([0, 1, 2])('are as far as the node that is behind: node %i', async (behind) => {
    await keeper.move([move(null, 7)], await written())
    await keeper.move([move(7, 20)], await written())
    nodeOf(behind).cli('hset', record(behind), PLACE, '7')
    expect(await marks()).toEqual([7])
    await expect(keeper.move([move(20, 30)], await written())).rejects.toMatchObject({ found: 7 })
    // The others stay further while it catches up.
    expect(await keeper.move([move(7, 12)], await written())).toBe(true)
    expect([0, 1, 2].map(markOn)).toEqual([0, 1, 2].map((i) => (i === behind ? 12 : 20)))
    expect(await keeper.move([move(12, 25)], await written())).toBe(true)
    expect([0, 1, 2].map(markOn)).toEqual([25, 25, 25])
  })

  it.each([0, 1, 2])('are none where node %i has none', async (empty) => {
    await keeper.move([move(null, 7)], await written())
    nodeOf(empty).cli('flushall')
    expect(await marks()).toEqual([])
    await expect(keeper.move([move(7, 9)], await written())).rejects.toMatchObject({ found: null })
    expect(await keeper.move([move(null, 5)], await written())).toBe(true)
    expect(await marks()).toEqual([5])
    expect([0, 1, 2].map(markOn)).toEqual([0, 1, 2].map((i) => (i === empty ? 5 : 7)))
  })

  it.each([0, 1, 2])('do not move without rows once node %i is older than this writer last saw it', async (older) => {
    await keeper.move([move(null, 7)], await written())
    await keeper.read()
    nodeOf(older).cli(
      'hset',
      record(older),
      'state',
      nodeOf(older).cli('hget', record(older), 'state').replace('/1', '/0'),
    )
    const declared = [{ ...move(null, 7), group: 'another' }]
    await expect(keeper.move(declared, NO_ROWS)).rejects.toMatchObject({ code: 'WENT_BACK' })
    expect((await keeper.read()).map(({ group }) => group)).toEqual(['g'])
  })

  it('do not keep for ever what dead writers left', async () => {
    await keeper.move([move(null, 7)], await written())
    const left = Array.from({ length: 300 }, (_, i) => [`~${i}`, '1']).flat()
    nodeOf(0).cli('hset', record(0), ...left)
    await keeper.check()
    expect(nodeOf(0).cli('hlen', record(0))).toBe('4')
    expect(await marks()).toEqual([7])
  })

  it('are not taken for lower by a look that took long', async () => {
    await keeper.move([move(null, 7)], await written())
    const looks = Promise.all(Array.from({ length: 20 }, () => keeper.load()))
    let from = 7
    for (; from < 60; from++) await keeper.move([move(from, from + 1)], NO_ROWS)
    await looks
    await keeper.guardRead(async () => {})
    expect(await keeper.move([move(from, 99)], NO_ROWS)).toBe(true)
    expect(await marks()).toEqual([99])
  })

  it.each([0, 1, 2])(
    'fail a read in whose midst node %i went back, though somebody has asked for the marks since',
    async (older) => {
      await keeper.move([move(null, 7)], await written())
      await keeper.read()
      const state = nodeOf(older).cli('hget', record(older), 'state')
      const read = keeper.guardRead(async () => {
        nodeOf(older).cli('hset', record(older), 'state', state.replace('/1', '/0'))
        await keeper.read()
      })
      await expect(read).rejects.toMatchObject({ code: 'WENT_BACK' })
      await keeper.guardRead(async () => {})
    },
  )

  it('are looked at before and after a read where connections are new', async () => {
    await keeper.move([move(null, 7)], await written())
    await keeper.read()
    const state = nodeOf(1).cli('hget', record(1), 'state')
    const cut = () => nodeOf(1).cli('client', 'kill', 'type', 'normal')
    // As a server that was restored, and whose new writer has made up for the version, but not for all that it lost.
    const goBack = () => {
      nodeOf(1).cli('hset', record(1), 'state', state.replace('/1', '/9'), JSON.stringify(['g', 't', 0]), '5')
      cut()
    }
    const touch = async () => {
      const command = appended('k1', row(1))
      const all = Array.from({ length: 20 }, (_, i) => appended(`k${i}`, row(i)))
      await exchange.settle([command, ...all])
    }
    await expect(
      keeper.guardRead(async () => {
        goBack()
        await touch()
      }),
    ).rejects.toMatchObject({ code: 'WENT_BACK' })
  })

  it('let one of two writers win, and the other see it', async () => {
    const other = new MarkKeeper(exchange, names, 'v')
    await keeper.move([move(null, 7)], NO_ROWS)
    await other.load()
    expect(await keeper.move([move(7, 9)], NO_ROWS)).toBe(true)
    await expect(other.move([move(7, 8)], NO_ROWS)).rejects.toMatchObject({ found: 9 })
    expect(await marks()).toEqual([9])
  })
})
