import { type FileHandle, open, unlink } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { FrontError } from './front-error.ts'
import { type FrontStatement, insertHead, isInsert, plainStatement } from './front-sql.ts'

/** ClickHouse's `max_query_size`: longer statements are refused, data not counted. */
const QUERY_BYTES_MAX = 256 * 1024

/** URL parameters that are no settings. */
const PARAMETERS = new Set(
  'query,database,user,password,query_id,session_id,session_timeout,session_check,role,default_format,compress,decompress,buffer_size,wait_end_of_query,stacktrace,quota_key,close_session'.split(
    ',',
  ),
)

export interface FrontRequest {
  readonly statement: FrontStatement
  /** Holds the data of an INSERT; it has no name, and vanishes when it is closed. */
  readonly data: FileHandle | null
}

/** Settings of a request, by name. */
export function settingsOf(url: URL): [string, string][] {
  return [...url.searchParams].filter(([name]) => !PARAMETERS.has(name))
}

/** Reads a statement from the URL, the body, or both, and its data into a file in `folder`. */
export async function readRequest(request: IncomingMessage, url: URL, folder: string): Promise<FrontRequest> {
  const query = url.searchParams.get('query') ?? ''
  let head = Buffer.from(query === '' ? '' : `${query}\n`)
  const body = decoded(request)[Symbol.asyncIterator]()
  for (;;) {
    // Latin-1 keeps each byte one character, so that places in the text are places in the bytes.
    const found = isInsert(head.toString('latin1')) ? insertHead(head.toString('latin1')) : null
    if (found !== null) {
      const sql = head.subarray(0, Buffer.byteLength(found.sql, 'latin1')).toString('utf8')
      const data = await spooled(head.subarray(found.data), body, folder)
      return { statement: { sql, format: found.format, hasData: true }, data }
    }
    if (head.length > QUERY_BYTES_MAX) {
      throw new FrontError(
        62,
        'SYNTAX_ERROR',
        `Max query size exceeded (can be increased with the max_query_size setting)`,
      )
    }
    const next: IteratorResult<Buffer> = await body.next()
    if (next.done === true) return { statement: plainStatement(head.toString('utf8')), data: null }
    head = Buffer.concat([head, next.value])
  }
}

function decoded(request: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = request.headers['content-encoding']
  if (encoding === undefined) return request
  if (encoding !== 'gzip') {
    throw new FrontError(110, 'UNKNOWN_COMPRESSION_METHOD', `Unknown compression method: ${encoding}`)
  }
  const gunzip = createGunzip()
  request.on('error', (error) => gunzip.destroy(error))
  return request.pipe(gunzip)
}

let files = 0

async function spooled(first: Uint8Array, rest: AsyncIterator<Uint8Array>, folder: string): Promise<FileHandle> {
  const path = join(folder, `.front-${process.pid}-${files++}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    await file.writeFile(first)
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) await file.writeFile(next.value)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}
