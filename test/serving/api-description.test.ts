import { Validator } from '@seriousme/openapi-schema-validator'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { entity, featureGroup, featureService, last, money, source, z } from '../../src/index.ts'
import { createApi } from '../../src/serving/http/api.ts'
import { describeApi } from '../../src/serving/http/api-description.ts'
import { HTTP_ERRORS, type HttpErrorCode } from '../../src/serving/http/error-table.ts'
import { inputSchema } from '../../src/serving/http/json-schema.ts'
import { samplePattern } from '../../src/serving/http/pattern-sample.ts'
import { Described, type Json } from './described.ts'
import { modelOf, NOW, payment, scored, World } from './world.ts'

let world: World
let app: ReturnType<typeof createApi>
let api: Described
let catalogue: Json

beforeAll(async () => {
  world = await new World().open()
  app = createApi({ model: world.model, vectors: world.vectors, append: async () => {}, ready: () => [] })
  api = new Described(await (await app.request('/openapi.json')).json())
  catalogue = (await (await app.request('/v1/catalogue')).json()) as Json
})

async function call(method: string, path: string, body?: unknown) {
  const response = await app.request(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return { status: response.status, body: (await response.json()) as unknown }
}

describe('/openapi.json', () => {
  it('has a typed path for each source and service', () => {
    expect(api.operations().map(({ path, method, operation }) => `${method} ${path} ${operation.operationId}`)).toEqual(
      [
        'post /v1/sources/payments/events send_payments_events',
        'post /v1/sources/logins/events send_logins_events',
        'post /v1/services/checkout_risk get_checkout_risk_features',
        'post /v1/services/checkout_risk/batch get_checkout_risk_features_batch',
        'post /v1/services/card_profile get_card_profile_features',
        'post /v1/services/card_profile/batch get_card_profile_features_batch',
        'post /v1/services/login_risk get_login_risk_features',
        'post /v1/services/login_risk/batch get_login_risk_features_batch',
        'get /v1/services/login_risk/vector get_login_risk_vector_form',
        'post /v1/features/{feature}/events get_feature_history',
        'get /v1/catalogue get_catalogue',
        'get /healthz check_health',
        'get /readyz check_readiness',
      ],
    )
  })

  it('is valid OpenAPI 3.1, with references that lead somewhere', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate(structuredClone(api.document))
    expect(errors).toBeUndefined()
    expect([valid, validator.version]).toEqual([true, '3.1'])
    const refs: string[] = []
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return
      if ('$ref' in node) refs.push(node.$ref as string)
      Object.values(node).forEach(walk)
    }
    walk(api.document)
    expect(refs.length).toBeGreaterThan(30)
    const named = Object.keys(api.document.components!.schemas!).map((name) => `#/components/schemas/${name}`)
    expect([...new Set(refs)].sort()).toEqual(named)
  })

  it('is the same each time', () => {
    expect(JSON.stringify(describeApi(new World().model))).toBe(JSON.stringify(api.document))
  })

  it('suits generators of clients: named schemas, no choice between plain types, integers of 64 bits', () => {
    const schemas = api.document.components!.schemas!
    const objects: string[] = []
    const walk = (node: unknown, place: string): void => {
      if (typeof node !== 'object' || node === null) return
      const { anyOf, oneOf, type, format, properties, enum: values } = node as Json
      expect(anyOf, place).toBe(undefined)
      // Schemas with names, or plain types.
      if (Array.isArray(oneOf)) {
        for (const one of oneOf as unknown as Json[]) {
          expect('$ref' in one || typeof one.type === 'string', place).toBe(true)
          // What the generator for Java makes of it does not compile.
          expect(one.format, place).not.toBe('date-time')
        }
      }
      const types = [type].flat().filter((one) => typeof one === 'string' && one !== ('null' as unknown))
      expect(types.length, place).toBeLessThan(2)
      if (types.includes('integer' as never)) expect(format, place).toBe('int64')
      if (types.includes('number' as never)) expect(format, place).toBe('double')
      if (properties !== undefined && values === undefined) objects.push(place)
      for (const [name, inner] of Object.entries(node)) walk(inner, `${place}.${name}`)
    }
    for (const [name, schema] of Object.entries(schemas)) walk(schema, name)
    // Objects that are not named: small, plain, and null mostly.
    expect(objects.filter((place) => place.includes('.')).sort()).toEqual([
      'CatalogueDerived.properties.deprecated',
      'CatalogueFeature.properties.deprecated',
      'CatalogueFeature.properties.per',
      'CatalogueGroup.properties.deprecated',
      'CatalogueService.properties.deprecated',
      'CatalogueSource.properties.archive',
      'CatalogueSource.properties.stream',
    ])
  })

  it('has examples that are true', async () => {
    let seen = 0
    for (const { method, path, operation } of api.operations()) {
      for (const [status, response] of Object.entries(operation.responses!)) {
        const { example, examples = {} } = response.content!['application/json']!
        const all = [
          ...Object.values(examples as Json).map((one) => one.value),
          ...(example === undefined ? [] : [example]),
        ]
        for (const one of all) expect(api.answerFaults(method, path, Number(status), one), path).toBe('')
        seen += all.length
      }
      if (method !== 'post') {
        const { status, body } = await call('GET', path)
        expect([path, status, api.answerFaults(method, path, status, body)]).toEqual([path, 200, ''])
        continue
      }
      const content = operation.requestBody!.content!
      const request = content['application/json']!.example
      expect(api.requestFaults(path, request), path).toBe('')
      const answer = await call('POST', path.replace('{feature}', `${operation.parameters?.[0]?.example}`), request)
      expect([path, answer.status]).toEqual([path, 200])
      expect(api.answerFaults(method, path, 200, answer.body), path).toBe('')
      const { examples } = operation.responses![200]!.content!['application/json']!
      // What a service answers where nothing else has happened is its example.
      if (examples?.object !== undefined) {
        const blank = ({ watermarks: _, ...rest }: Record<string, unknown>) => rest
        const shown = examples.object.value as unknown as Record<string, unknown>
        const rows = (given: Record<string, unknown>) => (given.rows ?? [given]) as Record<string, unknown>[]
        expect(rows(answer.body as never).map(blank)).toEqual(rows(shown).map(blank))
      }
    }
    expect(seen).toBeGreaterThan(100)
    const ndjson =
      api.document.paths!['/v1/sources/payments/events']!.post!.requestBody!.content!['application/x-ndjson']!
    const { parser } = world.model.sources.get('payments')!
    expect(parser.parse(JSON.parse(ndjson.example as unknown as string)).id).toBe('id-1')
  })

  it('lists the codes of every status as the table of errors has them', () => {
    for (const { operation } of api.operations()) {
      for (const [status, { content, description }] of Object.entries(operation.responses!)) {
        const codes = Object.keys(content!['application/json']!.examples ?? {}).filter((code) => code in HTTP_ERRORS)
        for (const code of codes) {
          expect([HTTP_ERRORS[code as HttpErrorCode].status, `${description}`]).toEqual([
            Number(status),
            expect.stringContaining(`\`${code}\``),
          ])
        }
      }
      expect(Object.keys(operation.responses!)).toEqual(expect.arrayContaining(['200', '500']))
    }
  })

  const requests: [service: string, request: object][] = [
    ['checkout_risk', { event: scored(), request: { cart_items: 1 } }],
    ['checkout_risk', { event: scored({ device_id: null, amount: 12.5 }), request: { cart_items: 1 }, at: NOW }],
    ['checkout_risk', { event: scored({ amount: 666 }), request: { cart_items: 1, coupon: 'x' }, at: null }],
    ['card_profile', { keys: { card_id: 'c1', merchant_id: null }, at: '2026-05-01T12:00:00Z' }],
    ['login_risk', { event: { login_id: 'l', at: NOW, card_id: 'c', ip: 'i' }, keys: { merchant_id: 'm' } }],
  ]
  it.each(requests)('describes what %s is sent and what it answers', async (service, request) => {
    const points = Number.MAX_SAFE_INTEGER
    await world.put('payments', payment({ points }), payment({ points }))
    for (const query of service === 'login_risk' ? ['', '?format=vector'] : ['']) {
      const path = `/v1/services/${service}`
      expect(api.requestFaults(path, request)).toBe('')
      const one = await call('POST', path + query, request)
      expect([one.status, api.answerFaults('post', path, 200, one.body)]).toEqual([200, ''])
      const rows = { rows: [request, { event: 1 }] }
      const many = await call('POST', `${path}/batch${query}`, rows)
      expect([many.status, api.answerFaults('post', `${path}/batch`, 200, many.body)]).toEqual([200, ''])
    }
  })

  it('does not describe what is refused', () => {
    const good = { event: scored(), request: { cart_items: 1 } }
    const faults = (body: object) => api.requestFaults('/v1/services/checkout_risk', body)
    expect(faults(good)).toBe('')
    expect(faults({ request: good.request })).toContain("must have required property 'event'")
    expect(faults({ ...good, keys: { card_id: 'c' } })).toContain('must NOT have additional properties')
    expect(faults({ ...good, event: { ...good.event, amount: 'ten' } })).toContain('must match pattern')
    expect(faults({ ...good, request: { cart_items: 'two' } })).toContain('must be integer')
    expect(faults({ ...good, at: 'yesterday' })).toContain('must match format')
    const properties = Object.keys(api.document.components!.schemas!.payments_scored!.properties!)
    expect(properties).toContain('amount')
    expect(properties).not.toContain('fraud')
    const { updated_at: _, ...unstamped } = good.event
    expect([unstamped, { ...unstamped, updated_at: null }].map((event) => faults({ ...good, event }))).toEqual(['', ''])
    expect(faults({ ...good, event: { ...unstamped, updated_at: 'today' } })).toContain('must be integer,null')
  })

  it('describes events with their outcome', () => {
    const faults = (body: object) => api.requestFaults('/v1/sources/payments/events', body)
    expect(faults([payment({ fraud: true }), payment({ device_id: undefined }), payment({ fraud: null })])).toBe('')
    expect(faults([{ ...payment(), status: 'odd' }])).toContain('must be equal to one of the allowed values')
  })
})

describe('examples of columns and requests of every form', () => {
  const shop = entity('shop', { key: { type: z.enum(['web', 'store']), id: z.int() } })
  const visits = source('visits', {
    schema: z.object({
      id: z.uuid(),
      at: z.int(),
      type: z.enum(['web', 'store']),
      shop: z.int().min(5).max(7),
      email: z.email().nullable(),
      ip: z.ipv4(),
      country: z.string().regex(/^[A-Z]{2}$/),
      code: z.string().regex(/^(?:AB|CD)-\d{3,}[x-z]?\.(?<end>[^a-f\s])+$/),
      score: z.number().gt(0).lt(1),
      step: z.number().multipleOf(2.5).min(4),
      fee: money({ scale: 0 }),
      price: money({ scale: 3 }).nullable(),
      day: z.iso.date(),
      name: z.string().min(3).max(4),
      kind: z.literal('only'),
    }),
    id: 'id',
    time: 'at',
    stream: { topic: 'visits' },
  })
  const entry = z.object({
    id: z.string(),
    get more() {
      return z.array(entry)
    },
  })
  const visitRisk = featureService('visit_risk', {
    event: visits,
    features: [
      featureGroup('visited', {
        source: visits,
        entity: shop.from({ type: 'type', id: 'shop' }),
        features: { last_score: last(visits.score).over('1h'), prices: last(visits.price).over('1h') },
      }),
    ],
    request: z.object({
      id: z.string(),
      $ref: z.string(),
      type: z.union([z.int(), z.string()]),
      tree: entry,
      pair: z.tuple([z.string(), z.boolean()]),
      when: z.iso.datetime(),
      any: z.unknown(),
      both: z.object({ a: z.string() }).and(z.object({ b: z.int() })),
      left: z.string().default('x'),
    }),
  })

  it('are taken, and keep to their schemas', () => {
    const described = new Described(describeApi(modelOf({ visitRisk })))
    const content = (path: string) => described.document.paths![path]!.post!.requestBody!.content!['application/json']!
    const event = content('/v1/sources/visits/events').example![0]!
    expect(event).toMatchObject({
      country: 'AA',
      code: 'AB-000.A',
      score: 0.5,
      step: 5,
      shop: 5,
      kind: 'only',
      fee: '1234',
    })
    expect(described.requestFaults('/v1/sources/visits/events', [event])).toBe('')
    const request = content('/v1/services/visit_risk').example
    expect(request).toMatchObject({ request: { id: 'id-1', both: { a: 'a-1', b: 1 }, left: 'x' } })
    expect(described.requestFaults('/v1/services/visit_risk', request)).toBe('')
  })

  it('say of what kind an event is where several share a topic; of what is decoded nothing is said', async () => {
    const schema = z.object({ id: z.string(), at: z.int() })
    const shared = { schema, id: 'id', time: 'at' } as const
    const paid = source('paid', { ...shared, stream: { topic: 'all', where: { kind: ['paid', 'booked'] } } })
    const coded = source('coded', { ...shared, stream: { topic: 'coded', decode: () => [] } })
    const model = modelOf({ paid, coded })
    const described = new Described(describeApi(model))
    const body = (name: string) => described.document.paths![`/v1/sources/${name}/events`]!.post!.requestBody!.content!
    const [event] = body('paid')['application/json']!.example as unknown as [object]
    expect(event).toEqual({ id: 'id-1', at: NOW, kind: 'paid' })
    expect(described.requestFaults('/v1/sources/paid/events', [{ ...event, kind: 'lost' }])).not.toBe('')
    expect(body('coded')['application/json']!.example).toBe(undefined)
    expect(described.requestFaults('/v1/sources/coded/events', ['anything', 1])).toBe('')
  })

  it('never mix types in a list of values, and put whole numbers into no double', () => {
    const kindOf = (...values: (string | number | boolean)[]) => {
      const schema = z.object({ id: z.string(), at: z.int() })
      const some = source('some', { schema, id: 'id', time: 'at', stream: { topic: 'all', where: { kind: values } } })
      const { components } = describeApi(modelOf({ some })) as unknown as Json
      return components!.schemas!.some_event!.properties!.kind
    }
    const [text, whole] = [{ type: 'string' }, { type: 'integer', format: 'int64' }]
    expect(kindOf('paid', 'booked')).toEqual({ ...text, enum: ['paid', 'booked'] })
    expect(kindOf(100, 200)).toEqual({ ...whole, enum: [100, 200] })
    expect(kindOf(0.5, 1)).toEqual({ type: 'number', format: 'double', enum: [0.5, 1] })
    expect(kindOf('p', 7, true, 'q')).toEqual({
      oneOf: [
        { ...text, enum: ['p', 'q'] },
        { ...whole, enum: [7] },
        { type: 'boolean', enum: [true] },
      ],
    })
    const request = inputSchema(
      z.object({
        one: z.literal(1),
        some: z.literal([1, 2]),
        when: z.union([z.int(), z.iso.datetime()]),
        pair: z.tuple([z.string()]),
      }),
    ) as Json
    expect(request.properties).toMatchObject({ one: { ...whole, enum: [1] }, some: { ...whole, enum: [1, 2] } })
    expect(request.properties!.when!.anyOf![1]!.format).toBeUndefined()
    expect(request.properties!.pair).toEqual({ type: 'array', prefixItems: [text], minItems: 1, maxItems: 1 })
  })

  it('are left out where none is found', () => {
    const odd = source('odd', {
      schema: z.object({ id: z.string().regex(/^(?=.*7)\w{9}$/), at: z.int() }),
      id: 'id',
      time: 'at',
      stream: { topic: 'odd' },
    })
    const { paths } = describeApi(modelOf({ odd })) as unknown as Json
    expect(paths!['/v1/sources/odd/events']!.post!.requestBody!.content!['application/json']!.example).toBe(undefined)
  })

  it('of a pattern match it, or there is none', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom('a', '[b-d]', '\\d', '(?:xy|z)', '{2}', '+', '*?', '?', '^', '$', '.', '|', '(', ')', '\\1'),
          { maxLength: 8 },
        ),
        (parts) => {
          const sample = samplePattern(parts.join(''))
          if (sample !== null) expect(new RegExp(parts.join(''), 'u').test(sample)).toBe(true)
        },
      ),
      { numRuns: 2_000, seed: 4 },
    )
    expect(samplePattern('^[A-Z]{2}-(?:\\d+|x)\\.$')).toBe('AA-0.')
  })
})

describe('/v1/catalogue', () => {
  it('has every definition', () => {
    const names = (kind: string) => catalogue[kind]!.map(({ name }) => name)
    expect(names('sources')).toEqual(['payments', 'logins', 'chargebacks'])
    expect(names('entities')).toEqual(['card', 'device', 'merchant', 'card_merchant'])
    expect(names('groups')).toHaveLength(6)
    expect(names('features')).toEqual([...world.model.features.keys()])
    expect(names('services')).toEqual(['checkout_risk', 'card_profile', 'login_risk'])
  })

  it('says of a source what its events are', () => {
    const payments = catalogue.sources![0]!
    expect(payments).toMatchObject({
      description: 'Every card authorisation.',
      owner: 'payments-platform',
      tags: ['pci'],
      id: 'id',
      time: 'occurred_at',
      version: 'updated_at',
      deleted: null,
      outcome: ['status', 'fraud'],
      stream: { topic: 'payments.auth' },
      archive: { table: 'payments_auth', precision: 'ms' },
    })
    expect(payments.columns).toContainEqual({
      name: 'amount',
      type: 'money',
      scale: 2,
      nullable: false,
      archive_name: 'amount',
      computed: null,
      features: expect.arrayContaining(['card_velocity__spend_24h']),
      groups: [],
      derived: ['amount_vs_usual', 'seen', 'failing'].map((name) => `checkout_risk.${name}`),
    })
  })

  it('says of a feature what it means', () => {
    const feature = (name: string) => catalogue.features!.find((one) => one.name === (name as unknown))
    expect(feature('merchant_risk__fraud_rate_7d_delayed_7d')).toMatchObject({
      group: 'merchant_risk',
      source: 'payments',
      entity: 'merchant',
      aggregate: 'rate',
      doc: expect.stringContaining('Share, 0 to 1'),
      of: { op: 'eq', column: 'fraud', value: true },
      where: null,
      window: '7d',
      delay: '7d',
      type: 'double',
      unit: null,
      nullable: true,
      reads: ['fraud'],
    })
    expect(feature('card_velocity__avg_amount_7d')).toMatchObject({
      unit: 'minor units, scale 2',
      exclude_current: true,
    })
    expect(feature('card_velocity__idle_7d')).toMatchObject({ unit: 'ms', type: 'duration_ms' })
    expect(feature('card_velocity__last_merchants_7d')).toMatchObject({ type: 'list of string', params: { n: 3 } })
  })

  it('says of a derived value what trials of its function read and gave, and of each input who derives from it', () => {
    const named = (list: Json, name: string) => (list as Json[]).find((one) => one.name === (name as unknown as Json))!
    const derived = (name: string) => named(catalogue.derived!, name)
    const feature = (name: string) => named(catalogue.features!, name)
    expect(derived('amount_vs_usual')).toEqual({
      ...{
        name: 'amount_vs_usual',
        service: 'checkout_risk',
        description: null,
        owner: null,
        tags: [],
        deprecated: null,
      },
      ...{ type: 'number', nullable: true },
      reads: { features: ['card_velocity__avg_amount_7d'], columns: ['payments.amount'], request: [] },
    })
    expect(derived('items_an_hour')).toMatchObject({
      type: 'number',
      reads: { features: ['card_velocity__tx_count_1h'], columns: [], request: ['cart_items'] },
    })
    expect(derived('seen')).toMatchObject({
      ...{ type: 'string', nullable: false },
      reads: { features: [], columns: ['payments.amount', 'payments.occurred_at', 'payments.device_id'] },
    })
    expect(derived('failing')).toMatchObject({ type: 'boolean', reads: { columns: ['payments.amount'] } })
    expect(feature('card_velocity__avg_amount_7d').derived).toEqual(['checkout_risk.amount_vs_usual'])
    expect(feature('card_velocity__spend_24h').derived).toEqual([])
    const amount = named(named(catalogue.sources!, 'payments').columns!, 'amount')
    expect(amount.derived).toEqual(['amount_vs_usual', 'seen', 'failing'].map((name) => `checkout_risk.${name}`))
  })

  it('says of a service what it takes and gives', () => {
    expect(catalogue.services![2]).toMatchObject({
      name: 'login_risk',
      version: world.model.services.get('login_risk')!.version,
      event: 'logins',
      keys: [{ name: 'merchant_id', type: 'string' }],
      features: ['card_logins__logins_1h', 'card_logins__ips_24h', 'pair__tx_count_7d', 'merchant_losses__lost_30d'],
      derived: [],
    })
  })
})
