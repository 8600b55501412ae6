import type { Context, Hono } from 'hono'
import { showValue } from '../../features/event-error.ts'
import { ServingError } from '../serving-error.ts'
import type { VectorService } from '../vector-service.ts'
import { readFormat } from './answer-format.ts'
import { ApiError, errorBody } from './api-error.ts'
import { parseJson, readText } from './body.ts'

/** Largest question: an event is a few kilobytes at most. */
export const QUESTION_BYTES_MAX = 1024 * 1024

/** Most rows of a batch: it is answered in one go, and nobody else is meanwhile. */
export const BATCH_ROWS_MAX = 1_000

export const BATCH_BYTES_MAX = 16 * 1024 * 1024

// A plain object: building `Headers` for each answer costs as much as computing it.
const JSON_HEADERS = { 'content-type': 'application/json' }

/** `POST /v1/services/:service`, `.../batch`, `GET .../vector`, and `POST /v1/features/:feature/events`. */
export function addServiceRoutes(app: Hono, vectors: VectorService): void {
  app.post('/v1/services/:service', async (c) => {
    const format = readFormat(c.req.url)
    const request = parseJson(await readText(c, QUESTION_BYTES_MAX))
    return new Response(await vectors.answerText(c.req.param('service'), request, format), { headers: JSON_HEADERS })
  })

  app.post('/v1/services/:service/batch', async (c) => {
    const format = readFormat(c.req.url)
    const rows = await readRows(c)
    const answers = await vectors.answerBatchText(c.req.param('service'), rows, format)
    const texts = answers.map((answer) => (answer instanceof ServingError ? JSON.stringify(errorBody(answer)) : answer))
    return new Response(`{"rows":[${texts.join(',')}]}`, { headers: JSON_HEADERS })
  })

  app.get('/v1/services/:service/vector', (c) => c.json(vectors.vectorForm(c.req.param('service'))))

  app.post('/v1/features/:feature/events', async (c) => {
    const request = parseJson(await readText(c, QUESTION_BYTES_MAX))
    return c.json(await vectors.featureEvents(c.req.param('feature'), request))
  })
}

async function readRows(c: Context): Promise<readonly unknown[]> {
  const body = parseJson(await readText(c, BATCH_BYTES_MAX))
  const cure = 'send { "rows": [ ... ] } with a request of the service in each row'
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ServingError('REQUEST_SHAPE', `${showValue(body)} is not a batch: it must be a JSON object`, {
      value: showValue(body),
      cure,
    })
  }
  for (const field of Object.keys(body)) {
    if (field === 'rows') continue
    throw new ServingError('FIELD_UNKNOWN', `'${field}' is no field of a batch`, { field, cure })
  }
  const { rows } = body as { rows?: unknown }
  if (!Array.isArray(rows)) {
    if (rows === undefined) throw new ServingError('FIELD_MISSING', 'the batch has no rows', { field: 'rows', cure })
    const value = showValue(rows)
    throw new ServingError('REQUEST_SHAPE', `rows: ${value} is not a list`, { field: 'rows', value, cure })
  }
  if (rows.length > BATCH_ROWS_MAX) {
    throw new ApiError(
      'BODY_TOO_LARGE',
      `the batch has ${rows.length} rows, more than ${BATCH_ROWS_MAX}`,
      'send it in parts',
    )
  }
  return rows
}
