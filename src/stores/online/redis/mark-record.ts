import type { Mark } from '../../online-store.ts'
import type { Reply } from './reply-parser.ts'
import type { ServerInfo } from './server-info.ts'
import type { Master } from './view.ts'

/** The nodes of a cluster, by what they vouch for. */
export interface Owners {
  readonly masters: readonly Pick<Master, 'home' | 'claim'>[]
}

/** `<born>/<version>`: another record has another beginning, and every write of one counts further. */
export const STATE_FIELD = 'state'

/**
 * What one node says of itself: a hash that stands in the node's lowest slot. It vouches for the rows in the slots of its claim
 * and for no others, as Redis keeps the order of commands only within a node. Beside what is named here, a writer's field
 * (`~<writer>`) says for a moment that its rows are in.
 */
export interface MarkRecord {
  /** The slots that it vouches for; empty: there is no record. */
  readonly claim: string
  /** What it was called when it began: another record is never taken for it. */
  readonly born: string
  /** Counts its writes. */
  readonly version: number
  /** The version at which it was read: what we wrote since is added to what was known then. */
  readonly read: number
  /** Run id and count of evictions of the process when the record began. */
  readonly evicted: string
  /** All nodes ({@link nodesText}) as they were for whoever gave this one its marks when slots were moved; empty: nobody did. */
  readonly nodes: string
  /** By place ({@link markKey}). */
  readonly offsets: ReadonlyMap<string, number>
  /** By the beginning of its places ({@link placesOf}), a group whose marks were taken away on purpose: at which version. */
  readonly removed: ReadonlyMap<string, number>
  /** Fields of writers whose mark has not followed their rows yet. */
  readonly writers: readonly string[]
}

export const NO_RECORD: MarkRecord = {
  claim: '',
  born: '',
  version: 0,
  read: 0,
  evicted: '',
  nodes: '',
  offsets: new Map(),
  removed: new Map(),
  writers: [],
}

/** What a field begins with that says when the marks of a group were taken away; its places' beginning follows. */
export const REMOVED_FIELD = '-'

/** What every place ({@link markKey}) of a group, or of a topic of it, begins with. */
export function placesOf(group: string, topic?: string): string {
  return topic === undefined ? `[${JSON.stringify(group)},` : `[${JSON.stringify(group)},${JSON.stringify(topic)},`
}

/** Reads the answer to HGETALL. */
export function parseRecord(reply: Reply): MarkRecord {
  const fields = new Map<string, string>()
  const list = Array.isArray(reply) ? (reply as readonly Reply[]) : []
  for (let i = 0; i < list.length; i += 2) fields.set(String(list[i]), String(list[i + 1]))
  const offsets = new Map<string, number>()
  for (const [field, value] of fields) if (field.startsWith('[')) offsets.set(field, Number(value))
  const removed = new Map<string, number>()
  for (const [field, value] of fields) {
    if (field.startsWith(REMOVED_FIELD)) removed.set(field.slice(REMOVED_FIELD.length), Number(value))
  }
  const writers = [...fields.keys()].filter((field) => field.startsWith('~'))
  const state = parseState(fields.get(STATE_FIELD) ?? '')
  const [claim = '', evicted = '', nodes = ''] = ['slots', 'evicted', 'nodes'].map((field) => fields.get(field))
  return { claim, ...state, read: state.version, evicted, nodes, offsets, removed, writers }
}

export function parseState(state: string): { born: string; version: number } {
  const [born = '', version = '0'] = state.split('/')
  return { born, version: Number(version) }
}

/** Each node's lowest slot and its claim, as in `0=0-8191 8192=8192-16383`. */
export function nodesText({ masters }: Owners): string {
  return masters.map(({ home, claim }) => `${home}=${claim}`).join(' ')
}

export function nodesOf(text: string): Owners {
  const masters = text.split(' ').map((node) => {
    const [home, claim] = node.split('=')
    return { home: Number(home), claim: claim! }
  })
  return { masters }
}

export function markOf(place: string, offset: number): Mark {
  const [group, topic, partition] = JSON.parse(place) as [string, string, number]
  return { group, topic, partition, offset }
}

/** By a node's lowest slot. */
export type Records = ReadonlyMap<number, MarkRecord>

/** Whether every node vouches for exactly the slots that it has. */
export function areWhole(records: Records, view: Owners): boolean {
  return view.masters.every(({ home, claim }) => records.get(home)?.claim === claim)
}

/** Whether a node's record vouches for other slots than it has: somebody has seen other owners than this view. */
export function haveOthers(records: Records, view: Owners): boolean {
  return view.masters.some(({ home, claim }) => !['', undefined, claim].includes(records.get(home)?.claim))
}

/** The marks of the whole store: of each place the lowest over all nodes, and none where a node has none. */
export function storeOffsets(records: Records, view: Owners): Map<string, number> {
  const lowest = new Map<string, number>()
  if (!areWhole(records, view)) return lowest
  const all = view.masters.map(({ home }) => records.get(home)!.offsets)
  for (const place of all[0]!.keys()) {
    const offsets = all.map((one) => one.get(place))
    if (offsets.every((offset) => offset !== undefined)) lowest.set(place, Math.min(...offsets))
  }
  return lowest
}

/** Whether a record holds less than the one in its place did before. */
export function wentBack(before: MarkRecord, after: MarkRecord): boolean {
  if (before.claim === '') return false
  if (after.born !== before.born || after.version < before.version) return true
  if (after.claim !== before.claim) return false
  // Marks that were taken away on purpose since then are no loss, whatever has come in their place.
  const taken = [...after.removed].filter(([, version]) => version > before.read).map(([places]) => places)
  for (const [place, offset] of before.offsets) {
    const lower = (after.offsets.get(place) ?? -1) < offset
    if (lower && !taken.some((places) => place.startsWith(places))) return true
  }
  return false
}

/** What a record that begins now says of evictions. */
export function evictedNow(info: ServerInfo | null): string {
  return info === null ? '' : `${info.run}:${info.evicted}`
}

/** Whether the node has dropped keys since its record began: what it holds is then unknown. A new process starts at 0. */
export function hasEvicted({ claim, evicted }: MarkRecord, info: ServerInfo): boolean {
  if (claim === '') return false
  const [run, count] = evicted.split(':')
  return info.evicted > (run === info.run ? Number(count) : 0)
}
