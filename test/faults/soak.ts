import { parseArgs } from 'node:util'
import { SeededRandom } from '../stores/seeded-random.ts'
import { untilSupervised } from './breakages/processes.ts'
import { Installation } from './installation.ts'
import { type Breakage, breakages, fillAtLast } from './soak-breakages.ts'

/**
 * `npm run soak -- --minutes 30 [--seed 1] [--cluster] [--only kill-redis,hang-stream]`: breaks everything at random while a judge looks
 * on. Prints a line each minute. Ends with 1 where any value with status ok was wrong, or not all is ok in the end.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string' },
    cluster: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})

// Every server that is started again listens for the end of this process.
process.setMaxListeners(0)

const MINUTE_MS = 60_000
const PAUSE_MS_MAX = 4_000
const WRONG_SHOWN = 5
const LINES_SHOWN = 40

const minutes = Number(values.minutes)
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6))
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('soak: --minutes takes a number above 0, --seed a whole number')
  process.exit(2)
}

function chosen(): Breakage[] {
  const fitting = breakages.filter(({ needs }) => needs === null || (needs === 'cluster') === values.cluster)
  const names = values.only?.split(',')
  const found = names === undefined ? fitting : fitting.filter(({ name }) => names.includes(name))
  if (found.length > 0) return found
  console.error(`soak: --only takes some of ${fitting.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

async function soak(): Promise<boolean> {
  const list = chosen()
  console.log(`soak: seed ${seed}, ${minutes} minutes${values.cluster ? ', Redis Cluster' : ''}`)
  const installation = await Installation.start({
    seed,
    rate: 40,
    ...(values.cluster ? { redisReplicas: 1, redisArgs: ['--cluster-replica-validity-factor', '0'] } : {}),
  })
  const { judge, ledger, producer } = installation
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void installation.dispose().finally(() => process.exit(1)))
  }
  const done = new Map<string, number>()
  const random = new SeededRandom(seed)
  const begun = Date.now()
  const line = () =>
    `${Math.round((Date.now() - begun) / 1_000)} s, ${ledger.size} versions of payments; ${judge.tally.line}`
  const telling = setInterval(() => console.log(line()), MINUTE_MS)
  let good = false
  try {
    await installation.open({ streams: 2, serves: 2 })
    await installation.untilOk()
    while (Date.now() - begun < minutes * MINUTE_MS && judge.tally.wrongCount === 0) {
      const first = random.pick(list)
      const others = list.filter(({ touches }) => !touches.some((touched) => first.touches.includes(touched)))
      const together = random.below(2) === 0 && others.length > 0 ? [first, random.pick(others)] : [first]
      for (const { name } of together) done.set(name, (done.get(name) ?? 0) + 1)
      console.log(`  ${Math.round((Date.now() - begun) / 1_000)} s: ${together.map(({ name }) => name).join(' + ')}`)
      await Promise.all(together.map(({ play }) => play(installation, random)))
      await untilSupervised(installation)
      await new Promise((resolve) => setTimeout(resolve, random.below(PAUSE_MS_MAX)))
    }
    // Whatever was lost on the way.
    await fillAtLast(installation)
    await installation.settle()
    good = judge.tally.wrongCount === 0 && producer.problems.length === 0
  } catch (error) {
    console.error(error)
  }
  clearInterval(telling)
  if (!good) {
    console.error(installation.logs(LINES_SHOWN))
    console.error(
      JSON.stringify(judge.tally.wrong.slice(0, WRONG_SHOWN), null, 1),
      producer.problems.slice(0, WRONG_SHOWN),
    )
  }
  console.log(`broken: ${[...done].map(([name, count]) => `${count} ${name}`).join(', ')}`)
  console.log(`${good ? 'all ok at the end' : 'FAILED'}, seed ${seed}: ${line()}`)
  await installation.dispose()
  return good
}

process.exit((await soak()) ? 0 : 1)
