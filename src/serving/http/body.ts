import type { Context } from 'hono'
import { ApiError } from './api-error.ts'
import { jsonFaultText } from './json-fault.ts'

/** Reads a body of at most so many bytes as text. Throws an ApiError. */
export function readText(c: Context, bytesMax: number): Promise<string> {
  const length = c.req.header('content-length')
  if (length !== undefined && Number(length) > bytesMax) throw tooLarge(bytesMax)
  // The server reads no more bytes than a length that was given. Without one, they are counted as they come.
  const text = length === undefined ? readCounted(c.req.raw.body, bytesMax) : c.req.text()
  return text.catch(broken)
}

/** The caller went away: nobody hears of it, and nothing is wrong here. */
function broken(cause: unknown): never {
  if (cause instanceof ApiError) throw cause
  throw new ApiError('BODY_BROKEN', 'the body broke off', 'send it again', cause)
}

async function readCounted(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<string> {
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(bytesMax: number): ApiError {
  return new ApiError('BODY_TOO_LARGE', `the body has more than ${bytesMax} bytes`, 'send it in parts')
}

/** A JSON text's value. Throws an ApiError that says where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (text.trim() === '') throw new ApiError('BODY_JSON', 'the body is empty', 'send a JSON object', cause)
    throw new ApiError('BODY_JSON', `the body is not JSON: ${jsonFaultText(text)}`, null, cause)
  }
}
