import { AssignerProtocol } from 'kafkajs'

const { MemberMetadata, MemberAssignment } = AssignerProtocol

/** Partitions by topic. */
export type Assignment = ReadonlyMap<string, readonly number[]>

/** A member of a group, as its leader sees it. */
export interface GroupMemberInfo {
  readonly id: string
  readonly topics: readonly string[]
  /** What it reads now: it keeps as much of that as is fair. */
  readonly owned: Assignment
}

/** What a member tells: in the layout of Kafka's own consumers, so that its tools can show it. */
export function encodeMember({ topics, owned }: Omit<GroupMemberInfo, 'id'>): Buffer {
  const userData = Buffer.from(JSON.stringify(Object.fromEntries(owned)))
  return MemberMetadata.encode({ version: 0, topics: [...topics], userData })
}

export function decodeMember(id: string, metadata: Buffer): GroupMemberInfo {
  const { topics, userData } = MemberMetadata.decode(metadata)!
  return { id, topics, owned: new Map(Object.entries(JSON.parse(userData.toString() || '{}'))) }
}

export function encodeAssignment(assignment: Assignment): Buffer {
  const partitions = Object.fromEntries([...assignment].map(([topic, own]) => [topic, [...own]]))
  return MemberAssignment.encode({ version: 0, assignment: partitions, userData: Buffer.alloc(0) })
}

export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return new Map()
  const { assignment } = MemberAssignment.decode(bytes)!
  return new Map(Object.entries(assignment).map(([topic, own]) => [topic, [...own].sort((a, b) => a - b)]))
}
