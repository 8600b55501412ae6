import type { Context } from 'hono'
import { ApiError } from './api-error.ts'
import { jsonFaultText } from './json-fault.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads a body of at most so many bytes as text. Throws an ApiError. */
export async function readText(c: Context, bytesMax: number): Promise<string> {
  const encoding = c.req.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ApiError('BODY_TYPE', `a body with content-encoding ${encoding} is not read`, 'send it plain')
  }
  const length = c.req.header('content-length')
  if (length !== undefined && Number(length) > bytesMax) throw tooLarge(bytesMax)
  // The server reads no more bytes than a length that was given. Without one, they are counted as they come.
  const read = length === undefined ? readCounted(c.req.raw.body, bytesMax) : c.req.arrayBuffer()
  const bytes = await read.catch(broken)
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    // Read as what it is not, it could name another card.
    throw new ApiError('BODY_JSON', 'the body is not UTF-8', 'send JSON in UTF-8', cause)
  }
}

/** The caller went away: nobody hears of it, and nothing is wrong here. */
function broken(cause: unknown): never {
  if (cause instanceof ApiError) throw cause
  throw new ApiError('BODY_BROKEN', 'the body broke off', 'send it again', cause)
}

async function readCounted(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<Uint8Array> {
  if (body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
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
