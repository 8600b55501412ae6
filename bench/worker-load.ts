import { sendSteadily } from './steady-load.ts'
import { paymentMessage } from './worker-events.ts'

/** Run as a process of its own: sends so many payments a second for so long, the first one with this number. */
const [address, topic, rate, seconds, first] = process.argv.slice(2)
await sendSteadily(address!, topic!, Number(rate), Number(seconds), (n, made_ms) =>
  paymentMessage(Number(first) + n, made_ms),
)
