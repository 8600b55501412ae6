import { beforeAll, describe, expect, it } from 'vitest'
import { z } from '../../src/index.ts'
import { createApi } from '../../src/serving/http/api.ts'
import { NOW, payment, scored, World } from './world.ts'

type Json = { [key: string]: Json } & Json[]

let world: World
let document: Json
let catalogue: Json

beforeAll(async () => {
  world = await new World().open()
  const app = createApi({ model: world.model, vectors: world.vectors, append: async () => {}, ready: () => [] })
  document = (await (await app.request('/openapi.json')).json()) as Json
  catalogue = (await (await app.request('/v1/catalogue')).json()) as Json
})

/** A schema of the document as a checker: its references put in their places. */
function checker(schema: Json): z.ZodType {
  const inline = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(inline)
    if (typeof node !== 'object' || node === null) return node
    if ('$ref' in node) return inline(resolve(node.$ref as string))
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, inline(value)]))
  }
  return z.fromJSONSchema(inline(schema) as Parameters<typeof z.fromJSONSchema>[0])
}

function resolve(ref: string): Json {
  return ref
    .split('/')
    .slice(1)
    .reduce<Json>((node, part) => node[part]!, document)
}

function bodySchema(path: string): Json {
  return document.paths![path]!.post!.requestBody!.content!['application/json']!.schema!
}

function answerSchema(path: string, status = '200'): Json {
  return document.paths![path]!.post!.responses![status]!.content!['application/json']!.schema!
}

describe('/openapi.json', () => {
  it('has a typed path for each source and service', () => {
    expect(Object.keys(document.paths!)).toEqual([
      '/v1/sources/payments/events',
      '/v1/sources/logins/events',
      '/v1/services/checkout_risk',
      '/v1/services/checkout_risk/batch',
      '/v1/services/card_profile',
      '/v1/services/card_profile/batch',
      '/v1/services/login_risk',
      '/v1/services/login_risk/batch',
      '/v1/features/{feature}/events',
      '/v1/catalogue',
      '/healthz',
      '/readyz',
    ])
    expect(document.openapi).toBe('3.1.0')
  })

  it('is whole: operations have names of their own, answers and references that lead somewhere', () => {
    const operations = Object.values(document.paths!).flatMap((path) => Object.values(path))
    const names = operations.map(({ operationId }) => operationId)
    expect(new Set(names).size).toBe(operations.length)
    for (const operation of operations) expect(Object.keys(operation.responses!)).toContain('200')
    const refs: string[] = []
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return
      if ('$ref' in node) refs.push(node.$ref as string)
      Object.values(node).forEach(walk)
    }
    walk(document)
    expect(refs.length).toBeGreaterThan(10)
    for (const ref of refs) expect(resolve(ref)).toMatchObject({ type: 'object' })
  })

  const requests: [service: string, request: object][] = [
    ['checkout_risk', { event: scored(), request: { cart_items: 1 } }],
    ['checkout_risk', { event: scored({ device_id: null, amount: 12.5 }), request: { cart_items: 1 }, at: NOW }],
    ['card_profile', { keys: { card_id: 'c1', merchant_id: null }, at: '2026-05-01T12:00:00Z' }],
    ['login_risk', { event: { login_id: 'l', at: NOW, card_id: 'c', ip: 'i' }, keys: { merchant_id: 'm' } }],
  ]
  it.each(requests)('describes what %s is sent and what it answers', async (service, request) => {
    const points = Number.MAX_SAFE_INTEGER
    await world.put('payments', payment({ points }), payment({ points }))
    const path = `/v1/services/${service}`
    checker(bodySchema(path)).parse(request)
    checker(bodySchema(`${path}/batch`)).parse({ rows: [request] })
    const answer = await world.vectors.answer(service, request)
    checker(answerSchema(path)).parse(answer)
    const row = { error: { code: 'X', message: 'x' } }
    checker(answerSchema(`${path}/batch`)).parse({ rows: [answer, row] })
  })

  it('does not describe what is refused', () => {
    const accepts = (body: object) => checker(bodySchema('/v1/services/checkout_risk')).safeParse(body).success
    const good = { event: scored(), request: { cart_items: 1 } }
    expect(accepts(good)).toBe(true)
    expect(accepts({ request: good.request })).toBe(false)
    expect(accepts({ ...good, keys: { card_id: 'c' } })).toBe(false)
    expect(accepts({ ...good, event: { ...good.event, amount: 'ten' } })).toBe(false)
    expect(accepts({ ...good, request: { cart_items: 'two' } })).toBe(false)
    const properties = bodySchemaProperties('checkout_risk')
    expect(properties).toContain('amount')
    expect(properties).not.toContain('fraud')
  })

  it('describes events with their outcome', () => {
    const schema = checker(bodySchema('/v1/sources/payments/events'))
    schema.parse(payment({ fraud: true }))
    schema.parse([payment(), payment({ device_id: undefined })])
    expect(schema.safeParse([{ ...payment(), status: 'odd' }]).success).toBe(false)
  })
})

function bodySchemaProperties(service: string): string[] {
  const { $ref } = bodySchema(`/v1/services/${service}`) as unknown as { $ref: string }
  return Object.keys(resolve($ref).properties!.event!.properties!)
}

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
      features: expect.arrayContaining(['card_velocity__spend_24h']),
      groups: [],
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
