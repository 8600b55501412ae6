import type { Assignment, GroupMemberInfo } from './group-protocol.ts'

/**
 * Shares the partitions of each topic among the members that read it: as evenly as can be, and each keeps what it has where that is
 * fair, as a partition that moves is read from its mark again by somebody who has fetched nothing of it yet.
 */
export function assign(
  members: readonly GroupMemberInfo[],
  partitions: ReadonlyMap<string, number>,
): Map<string, Assignment> {
  const assigned = new Map(members.map(({ id }) => [id, new Map<string, number[]>()]))
  /** Partitions of all topics that a member has got so far: who has fewest gets the odd ones of the next topic. */
  const load = new Map(members.map(({ id }) => [id, 0]))
  for (const [topic, count] of [...partitions].sort(byName)) {
    const readers = members.filter(({ topics }) => topics.includes(topic))
    if (readers.length === 0) continue
    const owned = (member: GroupMemberInfo) => member.owned.get(topic) ?? []
    readers.sort(
      (a, b) => load.get(a.id)! - load.get(b.id)! || owned(b).length - owned(a).length || (a.id < b.id ? -1 : 1),
    )
    const quota = (index: number) => Math.floor(count / readers.length) + (index < count % readers.length ? 1 : 0)
    const free = new Set(Array.from({ length: count }, (_, partition) => partition))
    const shares = readers.map((member, index) => {
      const kept = owned(member)
        .filter((partition) => free.has(partition))
        .slice(0, quota(index))
      for (const partition of kept) free.delete(partition)
      return kept
    })
    const rest = [...free]
    for (const [index, member] of readers.entries()) {
      const share = [...shares[index]!, ...rest.splice(0, quota(index) - shares[index]!.length)].sort((a, b) => a - b)
      assigned.get(member.id)!.set(topic, share)
      load.set(member.id, load.get(member.id)! + share.length)
    }
  }
  return assigned
}

function byName([a]: [string, number], [b]: [string, number]): number {
  return a < b ? -1 : 1
}
