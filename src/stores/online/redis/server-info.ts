import { RedisStoreError } from './redis-error.ts'

/** What one Redis process says of itself, as far as the store must know. */
export interface ServerInfo {
  /** Another with every start of the process. */
  readonly run: string
  readonly master: boolean
  readonly loading: boolean
  readonly evictionPolicy: string
  /** Keys that it dropped for want of memory since it started. */
  readonly evicted: number
  readonly memory_bytes: number
}

/** The first Redis with PEXPIREAT GT, PEXPIRETIME and flags of scripts. */
const VERSION_MIN = 7

/** Reads the answer to INFO. Throws a RedisStoreError for a Redis that is too old. */
export function parseInfo(text: string, address: string): ServerInfo {
  const fields = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  const field = (name: string): string => {
    const value = fields.get(name)
    if (value !== undefined) return value
    throw new RedisStoreError(
      'REFUSED',
      `Redis at ${address} does not tell its ${name} by INFO: let the user call INFO`,
    )
  }
  const version = field('redis_version')
  if (Number.parseInt(version, 10) < VERSION_MIN) {
    throw new RedisStoreError(
      'REFUSED',
      `Redis at ${address} is version ${version}: ${VERSION_MIN}.0 or newer is needed`,
    )
  }
  return {
    run: field('run_id'),
    master: field('role') === 'master',
    loading: field('loading') === '1',
    evictionPolicy: field('maxmemory_policy'),
    evicted: Number(field('evicted_keys')),
    memory_bytes: Number(field('used_memory_dataset')),
  }
}

/** Throws a RedisStoreError unless the process may hold timelines: it is up, takes writes and drops nothing by itself. */
export function checkInfo(info: ServerInfo, address: string): void {
  if (info.loading) throw new RedisStoreError('UNAVAILABLE', `Redis at ${address} is loading its data`)
  if (!info.master)
    throw new RedisStoreError(
      'UNAVAILABLE',
      `Redis at ${address} is a replica, which takes no writes: give the master's address`,
    )
  if (info.evictionPolicy !== 'noeviction') {
    throw new RedisStoreError(
      'EVICTION_POLICY',
      `Redis at ${address} has maxmemory-policy ${info.evictionPolicy}, by which rows would vanish in silence: ` +
        'set maxmemory-policy noeviction',
    )
  }
}
