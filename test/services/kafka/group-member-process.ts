import { KafkaEventLog } from '../../../src/stores/log/kafka/kafka.ts'
import { LogFollower } from './log-follower.ts'

/** Run as a process of its own: a member of a group, which prints its partitions whenever they change. */
const [address, topic, group, session_ms] = process.argv.slice(2)
const log = new KafkaEventLog({ brokers: [address!], now: Date.now, session_ms: Number(session_ms) })
const follower = new LogFollower(log, topic!, group!)
let told = ''
setInterval(() => {
  const now = JSON.stringify(follower.partitions)
  if (now !== told) process.stdout.write(`${now}\n`)
  told = now
}, 20)
process.once('SIGTERM', async () => {
  await follower.stop()
  await log.close()
  process.exit(0)
})
