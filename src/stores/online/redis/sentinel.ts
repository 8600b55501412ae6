import { type Address, Connection, type ConnectionSettings } from './connection.ts'
import { RedisStoreError } from './redis-error.ts'

/** Asks sentinels one after the other where the master is. Throws a RedisStoreError where none knows. */
export async function masterBySentinels(
  sentinels: readonly Address[],
  master: string,
  settings: ConnectionSettings,
): Promise<Address> {
  let cause: unknown
  for (const sentinel of sentinels) {
    try {
      // Sentinels have users and passwords of their own; those of the URL are for the master.
      const connection = await Connection.open(sentinel, { ...settings, user: null, password: null, database: 0 })
      try {
        connection.out.add('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master)
        const [reply] = await connection.replies(1)
        if (Array.isArray(reply)) return { host: String(reply[0]), port: Number(String(reply[1])) }
      } finally {
        connection.close()
      }
    } catch (error) {
      cause = error
    }
  }
  throw new RedisStoreError('UNAVAILABLE', `no sentinel tells where the master ${master} is`, cause)
}
