const SOURCES = 5
const GROUPS = 20
const FEATURES_PER_GROUP = 50
const SERVICES = 10
const ENTITIES = ['card', 'merchant', 'device']

/** One of each sort of feature, for source `s` and column number `c`. */
const FEATURES: ((s: string, c: number) => string)[] = [
  () => `count().over('1h', '7d')`,
  (s) => `count().where(eq(${s}.status, 'declined')).over('1h', '24h')`,
  (s, c) => `sum(${s}.amount${c}).over('24h', '7d')`,
  (s, c) => `avg(${s}.number${c}).excludeCurrent().over('7d', '30d')`,
  (s, c) => `countDistinct(${s}.text${c}).over('24h', '7d')`,
  (s, c) => `lastN(${s}.text${c}, 5).excludeCurrent().over('7d', '30d')`,
  (s) => `rate(eq(${s}.fraud, true)).over('7d', '30d').delayed('7d')`,
  () => `timeSinceLast().excludeCurrent().over('7d', '30d')`,
]
const SUM = 2

const times = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join('\n')

/** A definitions module with 1,000 features of two windows each in 20 groups and 10 services, and a client of each. */
export function thousandFeatures(): string {
  return [
    `import { avg, count, countDistinct, entity, eq, featureGroup, featureService, type InputOf, lastN, money, rate, ratio, source, sum, timeSinceLast, type VectorOf, z } from 'millrace'`,
    times(SOURCES, sourceText),
    ...ENTITIES.map((name) => `export const ${name} = entity('${name}', { key: { ${name}_id: z.string() } })`),
    times(GROUPS, groupText),
    times(SERVICES, serviceText),
    times(SERVICES, clientText),
  ].join('\n')
}

function sourceText(n: number): string {
  const columns = times(
    5,
    (c) =>
      `text${c}: z.string().nullable(), number${c}: z.int(), amount${c}: money({ scale: 2 }), flag${c}: z.boolean().optional(),`,
  )
  return `export const source${n} = source('source${n}', {
  schema: z.object({
    id: z.string(), at: z.iso.datetime({ offset: true }), version: z.int(),
    card_id: z.string(), merchant_id: z.string(), device_id: z.string().nullable(),
    status: z.enum(['approved', 'declined']), fraud: z.boolean().optional(),
    ${columns}
  }),
  id: 'id', time: 'at', version: 'version', outcome: ['status', 'fraud'],
  stream: { topic: 'source${n}' }, archive: { table: 'source${n}' },
})`
}

function groupText(n: number): string {
  const features = times(FEATURES_PER_GROUP, (f) => {
    const feature = FEATURES[f % FEATURES.length]!
    return `f${f}: ${feature(`source${n % SOURCES}`, f % 5)},`
  })
  const options = `source: source${n % SOURCES}, entity: ${ENTITIES[n % ENTITIES.length]}`
  return `export const group${n} = featureGroup('group${n}', { ${options}, features: {\n${features}\n} })`
}

function serviceText(n: number): string {
  const derived = times(5, (d) => {
    const feature = `group${2 * n}__f${d * FEATURES.length + SUM}_24h`
    return `d${d}: ({ event, request, f }) => ratio(event.amount${d}, f.${feature}) ?? request.items,`
  })
  return `export const service${n} = featureService('service${n}', {
  event: source${n % SOURCES},
  features: [group${2 * n}, group${2 * n + 1}],
  request: z.object({ items: z.int() }),
  derive: {\n${derived}\n},
})`
}

function clientText(n: number): string {
  const parameters = `vector: VectorOf<typeof service${n}>, input: InputOf<typeof service${n}>`
  const used = `vector.group${2 * n}__f${SUM}_24h, vector.d0, input.event.id, input.request.items`
  return `export const use${n} = (${parameters}) => [${used}]`
}
