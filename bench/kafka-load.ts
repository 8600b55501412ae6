import { sendSteadily } from './steady-load.ts'

/** Run as a process of its own: sends so many events a second, each with the instant it was made, for so long. */
const [address, topic, rate, seconds] = process.argv.slice(2)
const padding = 'x'.repeat(150)
await sendSteadily(address!, topic!, Number(rate), Number(seconds), (n, made_ms) => ({
  key: `card-${n % 5_000}`,
  value: Buffer.from(JSON.stringify({ made_ms, padding })),
}))
