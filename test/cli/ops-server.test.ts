import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:net'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { type Listener, listen } from '../../src/cli/listen.ts'
import { Metrics } from '../../src/cli/metrics.ts'
import { openOpsServer, opsApp } from '../../src/cli/ops-server.ts'
import { UsageError } from '../../src/cli/usage-error.ts'

const HOST = '127.0.0.1'

const metrics = new Metrics({ process: 'stream', version: '1', now: () => 0 })
let reasons: string[] = []
let notes: string[] = []
const options = { ready: () => reasons, notes: () => notes, metrics }

let listener: Listener | null = null
afterEach(async () => {
  reasons = []
  notes = []
  await listener?.close()
  listener = null
})

async function get(path: string): Promise<[number, unknown]> {
  const answer = await fetch(`${listener!.url}${path}`)
  return [answer.status, await answer.json()]
}

describe('health of a process', () => {
  it('is told over HTTP, on a port that is free', async () => {
    listener = await openOpsServer(options, { host: HOST, port: 0 })
    expect(listener.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    expect(await get('/healthz')).toEqual([200, { status: 'ok' }])
    expect(await get('/readyz')).toEqual([200, { status: 'ready', notes: [] }])
    expect((await fetch(`${listener.url}/else`)).status).toBe(404)
  })

  it('lives, and is not ready, with the reasons and notes of the moment', async () => {
    listener = await openOpsServer(options, { host: HOST, port: 0 })
    reasons = ['Redis cannot be reached']
    notes = ['payments is 3 s behind']
    expect(await get('/readyz')).toEqual([
      503,
      { status: 'not_ready', reasons: ['Redis cannot be reached'], notes: ['payments is 3 s behind'] },
    ])
    expect(await get('/healthz')).toEqual([200, { status: 'ok' }])
    reasons = []
    expect(await get('/readyz')).toEqual([200, { status: 'ready', notes: ['payments is 3 s behind'] }])
  })

  it('gives metrics as Prometheus reads them', async () => {
    listener = await openOpsServer(options, { host: HOST, port: 0 })
    metrics.source('payments').rejected(3)
    const answer = await fetch(`${listener.url}/metrics`)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect((await answer.text()).split('\n')).toContain('millrace_rejected_total{source="payments"} 3')
  })

  it('can be mounted before the routes of another app', async () => {
    const app = new Hono()
    app.route('/', opsApp(options))
    app.get('/readyz', (c) => c.text('of the app'))
    app.get('/v1/catalogue', (c) => c.text('of the app'))
    expect(await (await app.request('/readyz')).json()).toEqual({ status: 'ready', notes: [] })
    expect(await (await app.request('/v1/catalogue')).text()).toBe('of the app')
  })
})

describe('listening', () => {
  it('answers what is in flight before it ends, and takes no more', async () => {
    const steps = new EventEmitter()
    const app = new Hono().get('/slow', async (c) => {
      const go = once(steps, 'go')
      steps.emit('seen')
      await go
      return c.text('done')
    })
    const slow = await listen(app.fetch, { host: HOST, port: 0, flag: '--port' })
    const seen = once(steps, 'seen')
    const answer = fetch(`${slow.url}/slow`)
    await seen
    const closed = slow.close()
    steps.emit('go')
    expect(await (await answer).text()).toBe('done')
    await closed
    await expect(fetch(`${slow.url}/slow`)).rejects.toThrow()
  })

  it('says that a port is taken, by the name of what set it', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, HOST, resolve))
    const { port } = other.address() as { port: number }
    try {
      const failure = await openOpsServer(options, { host: HOST, port }).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(UsageError)
      expect(failure).toMatchObject({
        message: `MILLRACE_HTTP_PORT: ${port} is taken on ${HOST}`,
        cure: 'give another, or 0 for any free one',
        exitCode: 2,
      })
    } finally {
      await new Promise((resolve) => other.close(resolve))
    }
  })

  it('says that a host is none of this machine', async () => {
    // 192.0.2.0/24 is for documentation, and no machine has it.
    await expect(openOpsServer(options, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      message: '192.0.2.1 is no address of this machine',
      cure: 'give 127.0.0.1, or 0.0.0.0 for all of its addresses',
    })
  })
})
