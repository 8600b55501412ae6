import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisCluster } from '../../services/redis/redis-servers.ts'

/** A master is killed, its replica takes over by itself, and the old master comes back as a replica. */
export async function failOver(cluster: RedisCluster, place: number): Promise<void> {
  const master = cluster.masters()[place]!
  await master.kill()
  await cluster.agree()
  await master.start()
  await cluster.agree()
}

/** A replica is kept from following for a while; then its master is killed, and it is made to take over. */
export async function takeOverFromBehind(cluster: RedisCluster, place: number, behind_ms: number): Promise<void> {
  const master = cluster.masters()[place]!
  const [replica] = cluster.replicasOf(master)
  // The replica may not follow any more, and does not know that it matters.
  master.cli('acl', 'setuser', 'default', '-psync', '-sync')
  master.cli('client', 'kill', 'type', 'replica')
  await sleep(behind_ms)
  await master.kill()
  // By itself, where the others agree sooner.
  if (!cluster.masters().includes(replica!)) replica!.cli('cluster', 'failover', 'takeover')
  await cluster.agree()
  await master.start()
  await cluster.agree()
}
