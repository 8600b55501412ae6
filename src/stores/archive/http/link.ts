import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import { ArchiveError } from '../../event-archive.ts'
import type { ClickHouseLink, NativeInsert } from '../clickhouse-link.ts'
import { quoteText } from '../sql-text.ts'
import { newAgent } from './agent.ts'
import { withoutException } from './exception-block.ts'
import { answerFailure, exceptionFailure, transportFailure } from './failure.ts'
import { gunzipped } from './gunzip.ts'
import { Statement } from './statement.ts'
import type { ClickHouseTarget } from './target.ts'

/** Longest refusal that is read: ClickHouse's own are a few kilobytes. */
const REFUSAL_BYTES_MAX = 64 * 1024

/** Headers of ClickHouse's answers: the first is in all, the second where a query failed before its answer began. */
const QUERY_ID = 'x-clickhouse-query-id'
const EXCEPTION = 'x-clickhouse-exception-code'

/** Headers with the status come when all is done, so that a status of 200 means success. */
const DONE: ClickHouseSettings = { wait_end_of_query: 1, send_progress_in_http_headers: 0 }

/** The server ends what nobody reads any more, which it does for read-only queries alone; and sends rows as it has them. */
const READ: ClickHouseSettings = {
  readonly: '2',
  cancel_http_readonly_queries_on_client_close: 1,
  wait_end_of_query: 0,
  send_progress_in_http_headers: 0,
  // The types that we read, as we read them.
  low_cardinality_allow_in_native_format: 1,
  output_format_native_encode_types_in_binary_format: 0,
}

/** Into a Distributed table: answered when its shards have the rows, not when they are queued for them. */
const INSERT: ClickHouseSettings = { ...DONE, distributed_foreground_insert: 1 }

/**
 * A ClickHouse server over HTTP(S), by its client for Node. Where the client would guess, this does not:
 *
 * - Its time limit counts the silence of a connection, also while nobody reads from it. So it has none here, and each
 *   statement counts only what it waits for itself.
 * - Ten connections at most would let ten slow scans keep every insert waiting. So scans have connections of their own.
 * - An error without a ClickHouse code loses its HTTP status. So answers are read here, errors too.
 * - A connection that the server has closed meanwhile fails the next statement. So idle ones are given up before the server
 *   does it, by their age when they are wanted too, as timers come late in a busy process; and what may be said twice
 *   without harm is.
 * - Statements with data go in the body whole, as proxies cut URLs at 8 kB.
 */
export class HttpLink implements ClickHouseLink {
  readonly database: string
  readonly #target: ClickHouseTarget
  readonly #client: ClickHouseClient
  readonly #scanClient: ClickHouseClient
  readonly #open = new Set<Statement>()
  readonly #inserts = new Set<Promise<void>>()
  #closing: Promise<void> | null = null

  constructor(target: ClickHouseTarget) {
    this.database = target.database
    this.#target = target
    this.#client = newClient(target, target.connections)
    this.#scanClient = newClient(target, Number.POSITIVE_INFINITY)
  }

  async command(sql: string): Promise<void> {
    await this.#drain(this.#read(this.#client, sql, DONE, 'answer_ms'))
  }

  lookup(sql: string): AsyncIterable<Uint8Array> {
    return this.#read(this.#client, `${sql}\nFORMAT Native`, READ, 'answer_ms')
  }

  scan(sql: string): AsyncIterable<Uint8Array> {
    return this.#read(this.#scanClient, `${sql}\nFORMAT Native`, READ, 'scan_ms')
  }

  async insert({ into, select, structure, where, settings, block }: NativeInsert): Promise<void> {
    const { insert_deduplicate: own } = this.#target.settings
    const deduplicate = own === undefined ? '' : `, insert_deduplicate = ${Number(own)}`
    const from = `FROM input(${quoteText(structure)}) ${where}`
    const sql = `INSERT INTO ${into} SELECT ${select} ${from} ${settings}${deduplicate} FORMAT Native\n`
    const statement = this.#begin('answer_ms')
    const done = this.#drain(this.#run(this.#client, statement, INSERT, '', [Buffer.from(sql), block]))
    this.#inserts.add(done)
    try {
      await done
    } finally {
      this.#inserts.delete(done)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Inserts on their way are answered; nothing else is waited for.
    await Promise.allSettled(this.#inserts)
    for (const statement of this.#open) statement.close()
    await Promise.all([this.#client.close(), this.#scanClient.close()])
  }

  /** Says a statement that may be said twice: once more where the connection was lost before an answer came. */
  async *#read(
    client: ClickHouseClient,
    sql: string,
    settings: ClickHouseSettings,
    limit: 'answer_ms' | 'scan_ms',
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const first = this.#begin(limit)
    try {
      yield* this.#run(client, first, settings, sql)
    } catch (error) {
      if (!first.isUnheard(error) || this.#closing !== null) throw error
      yield* this.#run(client, this.#begin(limit), settings, sql)
    }
  }

  /** Sends a statement, with data behind it where there is any, and gives its answer as it comes. */
  async *#run(
    client: ClickHouseClient,
    statement: Statement,
    settings: ClickHouseSettings,
    query: string,
    data?: readonly Uint8Array[],
  ): AsyncGenerator<Uint8Array, void, undefined> {
    this.#open.add(statement)
    try {
      const { stream, response_headers, http_status_code } = await statement.wait(
        client.exec({
          query,
          ...(data === undefined ? {} : { values: Readable.from(data) }),
          clickhouse_settings: settings,
          abort_signal: statement.signal,
          ignore_error_response: true,
          decompress_response_stream: false,
        }),
      )
      statement.answered(stream)
      const answer =
        response_headers['content-encoding'] === 'gzip' ? gunzipped(statement.chunks()) : statement.chunks()
      if (http_status_code !== 200 || EXCEPTION in response_headers || !(QUERY_ID in response_headers)) {
        throw answerFailure(this.#target, http_status_code ?? 0, response_headers, await refusal(answer))
      }
      const tag = response_headers['x-clickhouse-exception-tag']
      const failure = (text: string) => exceptionFailure(this.#target, text)
      yield* withoutException(answer, typeof tag === 'string' ? tag : null, failure)
    } catch (error) {
      throw statement.failure ?? transportFailure(this.#target, error)
    } finally {
      // A break in the reader's loop ends up here as well: closing its connection ends the query.
      statement.end()
      this.#open.delete(statement)
    }
  }

  async #drain(answer: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const _ of answer);
  }

  #begin(limit: 'answer_ms' | 'scan_ms'): Statement {
    if (this.#closing !== null) throw new ArchiveError('ARCHIVE_UNAVAILABLE', 'the archive was closed')
    return new Statement(this.#target, limit)
  }
}

function newClient(target: ClickHouseTarget, connections: number): ClickHouseClient {
  const { auth, compression, idle_ms, path, settings, url } = target
  return createClient({
    url,
    ...(path === '' ? {} : { pathname: path }),
    ...auth,
    application: 'millrace',
    // Our statements name their database; one that is not there yet would refuse every statement, the first of all.
    database: 'default',
    clickhouse_settings: settings as ClickHouseSettings,
    compression,
    http_agent: newAgent(target, connections),
    request_timeout: 0,
    keep_alive: { enabled: true, idle_socket_ttl: idle_ms, eagerly_destroy_stale_sockets: true },
    // Every error is thrown, and thrown with more than the client would log.
    log: { level: ClickHouseLogLevel.OFF },
  })
}

async function refusal(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    pieces.push(chunk)
    length += chunk.length
    if (length >= REFUSAL_BYTES_MAX) break
  }
  return Buffer.concat(pieces).toString('utf8', 0, REFUSAL_BYTES_MAX)
}
