import { type Address, nameOf } from './connection.ts'
import { SLOTS } from './hash-slot.ts'
import { RedisStoreError } from './redis-error.ts'
import type { Reply } from './reply-parser.ts'

/** A node that takes writes, and the slots that it has. */
export interface Master {
  /** The cluster's name of the node; of a single Redis always the same. */
  readonly id: string
  readonly address: Address
  /** The slots as text, such as `0-5460,10923`: what the node's mark vouches for. */
  readonly claim: string
  /** Its lowest slot: where the node's own keys stand. */
  readonly home: number
}

/** Who had which slots at one moment. */
export interface View {
  /** By their lowest slot. */
  readonly masters: readonly Master[]
  /** By slot: the place in `masters`. */
  readonly owners: Uint16Array
  /** Of the masters' replicas: whoever takes over is one of them. */
  readonly replicas: ReadonlySet<string>
  /** Every node that may be asked, replicas too. */
  readonly addresses: readonly Address[]
  /** Differs where any master, address or slot does. */
  readonly signature: string
}

const NOBODY = 0xffff

/** The view of one Redis by itself. */
export function singleView(address: Address): View {
  const claim = `0-${SLOTS - 1}`
  return {
    masters: [{ id: 'single', address, claim, home: 0 }],
    owners: new Uint16Array(SLOTS),
    replicas: new Set(),
    addresses: [address],
    signature: nameOf(address),
  }
}

/**
 * The view of a cluster, from its `CLUSTER SLOTS`. `asked` is the host that answered: a node that does not know its own address
 * gives an empty one. Throws a RedisStoreError where slots have no owner.
 */
export function clusterView(slots: Reply, asked: string): View {
  const found = new Map<string, { address: Address; ranges: [start: number, end: number][] }>()
  const replicas = new Set<string>()
  const addresses = new Map<string, Address>()
  for (const range of listOf(slots)) {
    const [start, end, ...nodes] = listOf(range)
    for (const [i, node] of nodes.entries()) {
      const [host, port, id] = listOf(node)
      const address = { host: host == null || textOf(host) === '' ? asked : textOf(host), port: numberOf(port) }
      addresses.set(nameOf(address), address)
      if (i > 0) {
        replicas.add(textOf(id))
        continue
      }
      const master = found.get(textOf(id)) ?? { address, ranges: [] }
      found.set(textOf(id), master)
      master.ranges.push([numberOf(start), numberOf(end)])
    }
  }
  const masters: Master[] = []
  const owners = new Uint16Array(SLOTS).fill(NOBODY)
  for (const { ranges } of found.values()) ranges.sort((a, b) => a[0] - b[0])
  for (const [id, { address, ranges }] of [...found].sort(([, a], [, b]) => a.ranges[0]![0] - b.ranges[0]![0])) {
    for (const [start, end] of ranges) owners.fill(masters.length, start, end + 1)
    masters.push({ id, address, claim: claimOf(ranges), home: ranges[0]![0] })
  }
  const lost = owners.indexOf(NOBODY)
  if (lost >= 0) {
    throw new RedisStoreError('UNAVAILABLE', `slot ${lost} of the Redis cluster has no owner: it is not whole`)
  }
  return {
    masters,
    owners,
    replicas,
    addresses: [...addresses.values()],
    signature: masters.map(({ id, address, claim }) => `${id}@${nameOf(address)}=${claim}`).join(' '),
  }
}

/**
 * Whether the slots of `before` have come to their owners in `after` by being moved, every node still being itself. Where a
 * replica took over meanwhile, it may lack some of what had been moved to its master, and nobody can tell.
 */
export function onlyMoved(before: View, after: View): boolean {
  return after.masters.every(({ id }) => !before.replicas.has(id))
}

/** Neighbouring ranges joined, so that one set of slots has one text. */
function claimOf(ranges: readonly (readonly [number, number])[]): string {
  const joined: [number, number][] = []
  for (const [start, end] of ranges) {
    const last = joined.at(-1)
    if (last !== undefined && last[1] + 1 === start) last[1] = end
    else joined.push([start, end])
  }
  return joined.map(([start, end]) => (start === end ? `${start}` : `${start}-${end}`)).join(',')
}

function listOf(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]) : wrong(reply)
}

function textOf(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString() : wrong(reply)
}

function numberOf(reply: Reply | undefined): number {
  return typeof reply === 'number' ? reply : wrong(reply)
}

function wrong(reply: unknown): never {
  throw new RedisStoreError('PROTOCOL', `CLUSTER SLOTS answered ${String(reply)} where it should not`)
}

/** Whose a slot is. */
export function masterOf(view: View, slot: number): Master {
  return view.masters[view.owners[slot]!]!
}
