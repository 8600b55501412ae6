import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Hono } from 'hono'

/** The files of Swagger UI that the page needs, and what they are. */
export const SWAGGER_FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

/** Nothing from elsewhere, no script or style in the page itself. `data:` are the icons of the style sheet. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** Files have the version of their package in their path: what is there never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/** Without a validator, which is a server elsewhere. The address is that of the page: so it holds behind a path prefix. */
const START = `SwaggerUIBundle({
  url: 'openapi.json',
  domNode: document.getElementById('api'),
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
})
`

/** `GET /docs`: the description of the API for people, who can try it out there. All of it comes from here. */
export function addDocsPage(app: Hono): void {
  const folder = swaggerFolder()
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const page = pageOf(`docs/${version}`)
  app.get('/docs', (c) =>
    c.body(page, 200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' }),
  )
  // What a browser is pointed at first: the address that `dev` prints.
  app.get('/', (c) => c.body(null, 302, { ...HEADERS, location: 'docs' }))
  // Relative, as the page may lie behind a path prefix.
  app.get('/docs/', (c) => c.body(null, 308, { ...HEADERS, location: '../docs' }))
  app.get('/docs/start.js', (c) =>
    c.body(START, 200, {
      ...HEADERS,
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'no-cache',
    }),
  )
  for (const [name, type] of Object.entries(SWAGGER_FILES)) {
    app.get(`/docs/${version}/${name}`, async (c) => {
      const bytes = await readFile(join(folder, name))
      return c.body(Uint8Array.from(bytes), 200, { ...HEADERS, 'content-type': type, 'cache-control': FOR_EVER })
    })
  }
}

/**
 * Where Swagger UI lies: the package has the files with it, as npm's package of them brings a script that reports installations; a checkout
 * has that package.
 */
function swaggerFolder(): string {
  const packed = fileURLToPath(new URL('../../../swagger-ui', import.meta.url))
  if (existsSync(packed)) return packed
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
}

function pageOf(folder: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>millrace: the API</title>
<link rel="icon" type="image/png" href="${folder}/favicon-32x32.png">
<link rel="stylesheet" href="${folder}/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<noscript>This page needs JavaScript; <a href="openapi.json">openapi.json</a> says the same.</noscript>
<script src="${folder}/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`
}
