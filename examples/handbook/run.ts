import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generate } from './generate.ts'
import { type ProofResult, prove } from './proof.ts'

const HELP = `Proves millrace on the transactions of the handbook: see README.md.

  --handbook <folder>   the data set, with raw/ and sample/; default $HANDBOOK_DATA, else a small one is made up
  --cut <time>          what is before goes into the archive; default 2018-08-01
  --overlap <duration>  the stream begins so much earlier, as 30d or 12h; default 0d
  --shuffle             the stream comes in random order
  --duplicate <share>   this share of the stream comes twice, as 0.2
  --kills <count>       kill -9 of the server or of the reader so often while the stream is read
  --seed <number>       another seed makes other random moments and orders; default 1
  --work <folder>       for prepared files and millrace's data; default a temporary one, removed afterwards
  --json                the result as JSON
`

const DURATION_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function instant(flag: string, text: string): number {
  const time_ms = Date.parse(
    /^\d{4}-\d{2}-\d{2}T.*\d$/.test(text) && !/[+-]\d{2}:?\d{2}$/.test(text) ? `${text}Z` : text,
  )
  if (Number.isNaN(time_ms))
    throw new RangeError(`${flag}: '${text}' is not a time: write it as 2018-08-01 or 2018-06-17T05:23`)
  return time_ms
}

function duration(flag: string, text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text)
  if (match === null) throw new RangeError(`${flag}: '${text}' is not a duration: write it as 30d or 12h`)
  return Number(match[1]) * DURATION_MS[match[2]!]!
}

function number(flag: string, text: string, max: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= max) return value
  throw new RangeError(`${flag}: '${text}' is not a number from 0 to ${max}`)
}

function report({ kills, published, naive, leftOut }: ProofResult): string {
  const lines = [
    `published: ${published.values} values of ${published.questions} questions compared, ${published.mismatches} wrong`,
    `by the book: ${naive.values} values of ${naive.questions} questions compared, ${naive.mismatches} wrong`,
    ...(kills.length === 0
      ? []
      : [`killed: ${kills.map(({ victim, share }) => `${victim} at ${Math.round(100 * share)} %`).join(', ')}`]),
    ...(leftOut === 0 ? [] : [`left out: ${leftOut} published rows that do not see another one of their second`]),
    ...[...published.shown, ...naive.shown].map((text) => `  ${text}`),
  ]
  return lines.join('\n')
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      handbook: { type: 'string' },
      cut: { type: 'string', default: '2018-08-01' },
      overlap: { type: 'string', default: '0d' },
      shuffle: { type: 'boolean', default: false },
      duplicate: { type: 'string', default: '0' },
      kills: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      work: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const tell = (text: string): void => console.error(text)
  const options = {
    cut_ms: instant('--cut', values.cut),
    overlap_ms: duration('--overlap', values.overlap),
    shuffle: values.shuffle,
    duplicate: number('--duplicate', values.duplicate, 1),
    kills: Math.floor(number('--kills', values.kills, 1_000)),
    seed: Math.floor(number('--seed', values.seed, 2 ** 32)),
  }
  const temporary = mkdtempSync(join(tmpdir(), 'millrace-handbook-'))
  try {
    const given = values.handbook || process.env.HANDBOOK_DATA || undefined
    const handbook = given ?? join(temporary, 'handbook')
    if (given === undefined) tell(`no data set was given: ${generate({ out: handbook })} transactions are made up`)
    const result = await prove({ ...options, handbook, work: values.work ?? join(temporary, 'work'), tell })
    console.log(values.json ? JSON.stringify(result, null, 2) : report(result))
    return result.ok ? 0 : 1
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

// Ctrl-C ends what was started, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

let code = 2
try {
  code = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
}
// At once, which ends what still runs: after a failure that may be a server.
process.exit(code)
