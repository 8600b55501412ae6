import { Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApi } from '../../src/serving/http/api.ts'
import { World } from './world.ts'

/** The API as a proxy shows it, at the root and behind a path. */
const PLACES = ['', '/scoring/eu']

let api: ReturnType<typeof createApi>

beforeAll(async () => {
  const { model, vectors } = await new World().open()
  api = createApi({ model, vectors, append: async () => {}, ready: () => [] })
})

function proxied(place: string): Hono {
  const proxy = new Hono()
  proxy.all(`${place}/*`, ({ req }) => {
    const url = new URL(req.url)
    url.pathname = url.pathname.slice(place.length)
    return api.fetch(new Request(url, req.raw))
  })
  return proxy
}

/** What a page or a script refers to, as a browser at this address would ask for it. */
function references(text: string, address: string): string[] {
  const found = [...text.matchAll(/(?:src|href)="([^"]+)"|url: '([^']+)'/g)].map((match) => match[1] ?? match[2]!)
  return found.map((reference) => new URL(reference, address).href)
}

describe.each(PLACES)('GET %s/docs', (place) => {
  const address = `http://localhost${place}/docs`
  const get = (url: string) => proxied(place).request(url)

  it('refers to nothing but what is there, beside it, and of the type that it is used as', async () => {
    const page = await get(address)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const html = await page.text()
    expect(html).toContain('<title>millrace: the API</title>')
    const start = references(html, address).find((url) => url.endsWith('/start.js'))!
    // The script's addresses are those of the page that runs it.
    const all = [...references(html, address), ...references(await (await get(start)).text(), address)]
    const types = await Promise.all(
      all.map(async (url) => {
        const response = await get(url)
        const { length } = new Uint8Array(await response.arrayBuffer())
        expect([url, response.status, length > 100]).toEqual([url, 200, true])
        return [url.replace(/\/\d+\.\d+\.\d+\//, '/0/'), response.headers.get('content-type')]
      }),
    )
    const base = `http://localhost${place}`
    expect(Object.fromEntries(types)).toEqual({
      [`${base}/docs/0/favicon-32x32.png`]: 'image/png',
      [`${base}/docs/0/swagger-ui.css`]: 'text/css; charset=utf-8',
      [`${base}/docs/0/swagger-ui-bundle.js`]: 'text/javascript; charset=utf-8',
      [`${base}/docs/start.js`]: 'text/javascript; charset=utf-8',
      [`${base}/openapi.json`]: 'application/json',
    })
  })

  it('lets the browser load nothing from elsewhere, and no script or style of the page itself', async () => {
    const page = await get(address)
    const policy = page.headers.get('content-security-policy')!.split('; ')
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    const html = await page.text()
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|style=|\son\w+=/)
    expect(html).not.toMatch(/https?:/)
  })

  it('lets the browser keep what never changes, and asks again for what does', async () => {
    const html = await (await get(address)).text()
    for (const url of references(html, address).filter((one) => one.includes('/docs/'))) {
      const { headers } = await get(url)
      const isFixed = /\/\d+\.\d+\.\d+\//.test(url)
      const kept = isFixed ? 'public, max-age=31536000, immutable' : 'no-cache'
      expect([url, headers.get('cache-control')]).toEqual([url, kept])
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('is where the root of the API leads to', async () => {
    const response = await get(`http://localhost${place}/`)
    expect(response.status).toBe(302)
    expect(new URL(response.headers.get('location')!, `http://localhost${place}/`).href).toBe(address)
  })

  it('is found with a slash at its end as well', async () => {
    const response = await get(`${address}/`)
    expect(response.status).toBe(308)
    expect(new URL(response.headers.get('location')!, `${address}/`).href).toBe(address)
  })
})

describe('the files of the page', () => {
  it.each(['/docs/swagger-ui.js', '/docs/0.0.0/swagger-ui.css', '/docs/5/..%2f..%2fpackage.json', '/docs/start.js/'])(
    'are those that it needs: not %s',
    async (path) => {
      expect((await api.request(path)).status).toBe(404)
    },
  )
})
