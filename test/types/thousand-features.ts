const SOURCES = 5
const GROUPS = 50
const FEATURES_PER_GROUP = 20
const SERVICES = 30
const ENTITIES = ['card', 'merchant', 'device']

/** One of each sort of feature, for source `s` and column number `c`. The first of them are named by `derive`. */
const FEATURES: ((s: string, c: number) => string)[] = [
  () => `count().over('1h', '7d')`,
  (s) => `count().where(eq(${s}.status, 'declined')).over('1h', '24h')`,
  (s, c) => `sum(${s}.amount${c}).over('24h', '7d')`,
  (s, c) => `avg(${s}.number${c}).excludeCurrent().over('7d', '30d')`,
  (s, c) => `countDistinct(${s}.text${c}).over('24h', '7d')`,
  (s, c) => `lastN(${s}.text${c}, 5).excludeCurrent().over('7d', '30d')`,
  (s) => `rate(eq(${s}.fraud, true)).over('7d', '30d').delayed('7d')`,
  () => `timeSinceLast().excludeCurrent().over('7d', '30d')`,
  (s, c) => `isNew(${s}.text${c}).over('7d', '90d')`,
  (s, c) => `sum(${s}.amount${c}).per(${s}.status, { limit: 5 }).over('24h', '7d')`,
  (s) => `longestRun(eq(${s}.status, 'declined')).over('24h', '7d')`,
  () => `maxGap().excludeCurrent().over('7d', '30d')`,
]
const SUM = 2

const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const times = (n: number, text: (i: number) => string) => range(n).map(text).join('\n')
const LANGUAGE =
  'avg, count, countDistinct, entity, eq, featureGroup, featureService, isNew, lastN, longestRun, maxGap, money, rate, ratio, source, sum, timeSinceLast, z'

/**
 * A folder of definitions, by name of the file: 1,000 features of two windows each in 50 groups and 30 services, a file for each group and
 * service, as teams that share a repository have them.
 */
export function thousandFeatures(): ReadonlyMap<string, string> {
  return new Map([
    ['sources.ts', [importOf(LANGUAGE, 'millrace'), times(SOURCES, sourceText)].join('\n')],
    [
      'entities.ts',
      [
        importOf(LANGUAGE, 'millrace'),
        ...ENTITIES.map((name) => `export const ${name} = entity('${name}', { key: { ${name}_id: z.string() } })`),
      ].join('\n'),
    ],
    ...range(GROUPS).map((n): [string, string] => [`group${n}.ts`, groupText(n)]),
    ...range(SERVICES).map((n): [string, string] => [`service${n}.ts`, serviceText(n)]),
  ])
}

/** What a client of all services sees: for the compiler alone. */
export function thousandFeaturesClient(): string {
  return [
    importOf('type InputOf, type VectorOf', 'millrace'),
    times(SERVICES, (n) => importOf(`type service${n}`, `./service${n}.ts`)),
    times(SERVICES, clientText),
  ].join('\n')
}

const importOf = (names: string, from: string) => `import { ${names} } from '${from}'`

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
  return [
    importOf(LANGUAGE, 'millrace'),
    importOf(`source${n % SOURCES}`, './sources.ts'),
    importOf(ENTITIES[n % ENTITIES.length]!, './entities.ts'),
    `export const group${n} = featureGroup('group${n}', { ${options}, features: {\n${features}\n} })`,
  ].join('\n')
}

/** Groups of a service: one in common with many others, and one or two of its own event's source. */
const groupsOf = (n: number) => [n, n + SOURCES * 3, n + SOURCES * 4].filter((group) => group < GROUPS)

function serviceText(n: number): string {
  const derived = times(2, (d) => {
    const feature = `group${n}__f${d * FEATURES.length + SUM}_24h`
    return `d${d}: ({ event, request, f }) => ratio(event.amount${d}, f.${feature}) ?? request.items,`
  })
  return [
    importOf('featureService, ratio, z', 'millrace'),
    importOf(`source${n % SOURCES}`, './sources.ts'),
    ...groupsOf(n).map((group) => importOf(`group${group}`, `./group${group}.ts`)),
    `export const service${n} = featureService('service${n}', {
  event: source${n % SOURCES},
  features: [${groupsOf(n)
    .map((group) => `group${group}`)
    .join(', ')}],
  request: z.object({ items: z.int() }),
  derive: {\n${derived}\n},
})`,
  ].join('\n')
}

function clientText(n: number): string {
  const parameters = `vector: VectorOf<typeof service${n}>, input: InputOf<typeof service${n}>`
  const used = `vector.group${n}__f${SUM}_24h, vector.d0, input.event.id, input.request.items`
  return `export const use${n} = (${parameters}) => [${used}]`
}
