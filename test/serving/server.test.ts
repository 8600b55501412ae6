import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { serve } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from '../../src/serving/http/api.ts'
import { payment, scored, World } from './world.ts'

/** What a test through `app.request` cannot show: bodies as they come over a socket. */
describe('over a real connection', () => {
  const failures: unknown[] = []
  let accepted = 0
  let world: World
  let server: ReturnType<typeof serve>
  let port: number

  beforeAll(async () => {
    world = await new World().open()
    const { fetch } = createApi({
      model: world.model,
      vectors: world.vectors,
      append: async (_, events) => {
        accepted += events.length
      },
      ready: () => [],
      onFailure: (error) => failures.push(error),
    })
    server = serve({ fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.close()
  })

  const url = (path: string) => `http://127.0.0.1:${port}${path}`
  const JSON_TYPE = { 'content-type': 'application/json' }

  it('answers', async () => {
    const request = { event: scored({ merchant_id: 'käse 🦊' }), request: { cart_items: 1 } }
    const response = await fetch(url('/v1/services/checkout_risk'), { method: 'POST', body: JSON.stringify(request) })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual(await world.vectors.answer('checkout_risk', request))
  })

  it('takes events in a body of no given length', async () => {
    const lines = [payment(), payment()].map((event) => new TextEncoder().encode(`${JSON.stringify(event)}\n`))
    const response = await fetch(url('/v1/sources/payments/events'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: ReadableStream.from(lines),
      duplex: 'half',
    } as RequestInit)
    expect(await response.json()).toEqual({ accepted: 2, rejected: [] })
    expect(accepted).toBe(2)
  })

  it('refuses too much, announced or not', async () => {
    const body = ' '.repeat(1024 * 1024 + 1)
    const announced = await fetch(url('/v1/services/checkout_risk'), { method: 'POST', body, headers: JSON_TYPE })
    const streamed = await fetch(url('/v1/services/checkout_risk'), {
      method: 'POST',
      headers: JSON_TYPE,
      body: ReadableStream.from([new TextEncoder().encode(body)]),
      duplex: 'half',
    } as RequestInit)
    for (const response of [announced, streamed]) {
      expect(response.status).toBe(413)
      expect(await response.json()).toEqual({
        error: {
          code: 'BODY_TOO_LARGE',
          field: null,
          value: null,
          message: 'the body has more than 1048576 bytes',
          cure: 'send it in parts',
        },
      })
    }
  })

  it('blames nobody here for a caller that goes away', async () => {
    const begun = once(server, 'request')
    const socket = connect(port, '127.0.0.1')
    socket.write('POST /v1/services/checkout_risk HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"event"')
    const [incoming] = (await begun) as [IncomingMessage]
    const closed = new Promise((resolve) => incoming.once('close', resolve))
    socket.destroy()
    await closed
    // It still answers, and the broken call was no failure.
    expect((await fetch(url('/healthz'))).status).toBe(200)
    expect(failures).toEqual([])
  })
})
