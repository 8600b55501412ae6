import type { SourceModel } from '../../features/model.ts'
import { getJson, postJson, readJson, refusal } from '../answer.ts'
import type { Backend } from '../request.ts'
import { ARCHIVE_LIMITS, type ChunkLimits, LOG_LIMITS } from './event-chunk.ts'

/** What was made of a chunk: the rest of it is durable. */
export interface ChunkAnswer {
  readonly accepted: number
  readonly rejected: readonly { readonly index: number; readonly message: string }[]
}

/** Where events go: into the log of their source, or straight into its archive. */
export interface Road {
  readonly limits: ChunkLimits
  /** How many chunks may be under way at once. */
  readonly inFlight: number
  /** The line up to which the input is known to be there; null where the road keeps no account of it. */
  arrivedThrough(): Promise<number | null>
  begin(): Promise<void>
  send(body: Uint8Array<ArrayBuffer>): Promise<ChunkAnswer>
  /** All was sent. */
  end(): Promise<void>
}

/** Enough that neither side waits for the other, where the API is in another process. */
const LOG_IN_FLIGHT = 4

export function logRoad(backend: Backend, source: SourceModel): Road {
  const path = `/v1/sources/${source.name}/events`
  return {
    limits: LOG_LIMITS,
    inFlight: LOG_IN_FLIGHT,
    arrivedThrough: async () => null,
    begin: async () => {},
    async send(body) {
      const answer = await post(backend, path, body)
      // None of them was accepted, and why is told as ever.
      if (answer.status === 422) {
        const refused = (await answer.clone().json()) as Partial<ChunkAnswer>
        if (refused.rejected !== undefined) return { accepted: 0, rejected: refused.rejected }
      }
      return readJson<ChunkAnswer>(answer)
    },
    end: async () => {},
  }
}

/** `origin`: names the input in the archive, whose rows keep the line that they are from. */
export function archiveRoad(backend: Backend, source: SourceModel, origin: string): Road {
  const path = `/admin/v1/sources/${source.name}/archive`
  const query = `?origin=${encodeURIComponent(origin)}`
  return {
    limits: ARCHIVE_LIMITS,
    // Lines must arrive in order: then the highest one tells how far the load has come.
    inFlight: 1,
    async arrivedThrough() {
      const table = encodeURIComponent(source.archive!.table)
      const found = await getJson<{ columns: Record<string, string> } | null>(
        backend,
        `/admin/v1/archive-table?table=${table}`,
      )
      // A table that somebody else made has no such columns.
      if (found !== null && !('_sequence' in found.columns)) return null
      return (await getJson<{ sequence: number | null }>(backend, `${path}/position${query}`)).sequence ?? 0
    },
    begin: async () => void (await postJson(backend, `${path}/begin`, {})),
    async send(body) {
      return readJson<ChunkAnswer>(await post(backend, `${path}${query}`, body))
    },
    end: async () => void (await postJson(backend, `${path}/end`, {})),
  }
}

async function post(backend: Backend, path: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  const headers = { 'content-type': 'application/x-ndjson', 'content-length': String(body.length) }
  const answer = await backend.request(path, { method: 'POST', headers, body })
  if (answer.status >= 500) throw await refusal(answer)
  return answer
}
