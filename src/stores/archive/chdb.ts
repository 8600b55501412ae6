import { mkdir, open, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { type ClickHouseClient, type ClickHouseClientConfigOptions, createClient } from '@clickhouse/client'
import type { ChdbConnection } from 'chdb/connection'
import { ArchiveError, type EventArchive } from '../event-archive.ts'
import { ClickHouseArchive } from './clickhouse.ts'
import { archiveError, type ClickHouseLink, type NativeInsert } from './clickhouse-link.ts'
import { Lane } from './lane.ts'
import { quoteName, quoteText } from './sql-text.ts'

/**
 * Opens the archive in a folder: ClickHouse as a library, in this process. One folder at a time in a process, one process at a
 * time for a folder, and only in the main thread.
 */
export async function openChdbArchive(folder: string): Promise<EventArchive> {
  const path = resolve(folder)
  const library = await loadLibrary()
  try {
    await mkdir(path, { recursive: true })
    // Another folder that was closed just now may still be on its way out.
    await library.drainPending()
    const link = new ChdbLink(path, library)
    try {
      await link.command(`CREATE DATABASE IF NOT EXISTS ${quoteName(DATABASE)} ENGINE = Atomic`)
    } catch (error) {
      await link.close()
      throw error
    }
    return new ClickHouseArchive(link)
  } catch (error) {
    const { message } = archiveError(`open the folder ${path}`, error)
    const cure = 'close the other process that holds it, or the other folder that this one holds'
    throw new ArchiveError('ARCHIVE_UNAVAILABLE', `${message}: ${cure}`, error)
  }
}

interface Library {
  createChdbConnection(options: { path: string }): ChdbConnection
  drainPending(): Promise<void>
}

/**
 * Loads the library when it is first needed, as it is half a gigabyte; and not in a worker thread, whose end would crash the
 * process or hang it.
 */
async function loadLibrary(): Promise<Library> {
  if (!isMainThread) {
    throw new ArchiveError(
      'ARCHIVE_REFUSED',
      'the embedded archive cannot be opened in a worker thread: open it in the main one',
    )
  }
  const [{ drainPending }, { createChdbConnection }] = await Promise.all([import('chdb'), import('chdb/connection')])
  return { drainPending, createChdbConnection }
}

/** chDB's own `default` database takes a table that it does not know for a file of that name, and `?` or `*` in it for a pattern. */
const DATABASE = 'millrace'

interface Session {
  /** Statements that answer nothing go through the client, as they do to a server. */
  readonly client: ClickHouseClient
  /** Answers come from here as they are made; the client would hold all of an answer in memory. */
  readonly chdb: ChdbConnection['chdb']
}

/**
 * All that is special about chDB, and nothing else. Its traps, each seen in trials:
 *
 * - A query started on a connection ends the stream that is open there. So a connection does one thing at a time, and
 *   several at one folder do things side by side; opening one takes a millisecond.
 * - What a failed or broken-off query had made comes out in front of the next answer of its connection. So that
 *   connection is closed, and never used again. Settings stay on a connection too: ours go with the statement.
 * - Each call holds one of the four threads that Node has for files, DNS and LMDB. So inserts, short and long queries
 *   have one lane each, and one thread is always left; a scan holds its lane only while a block is being made.
 * - Binary inserts through the library are corrupted. So the block goes through a file without a name, read by number.
 * - Queries cannot be called back: closing kills what runs from another connection, so that it does not wait for a long sort.
 */
class ChdbLink implements ClickHouseLink {
  readonly database = DATABASE
  readonly #folder: string
  readonly #library: Library
  /** Held open and never used: the engine goes away with its last connection, and takes a fifth of a second to come back. */
  readonly #keeper: Session
  readonly #idle: Session[] = []
  readonly #busy = new Set<Session>()
  readonly #inserts = new Lane()
  readonly #lookups = new Lane()
  readonly #scans = new Lane()
  #blocks = 0
  #closing: Promise<void> | null = null

  constructor(folder: string, library: Library) {
    this.#folder = folder
    this.#library = library
    this.#keeper = this.#openSession()
  }

  async command(sql: string): Promise<void> {
    this.#refuseClosed()
    await this.#inserts.run(() => this.#command(sql))
  }

  lookup(sql: string): AsyncIterable<Uint8Array> {
    return this.#read(sql, this.#lookups)
  }

  scan(sql: string): AsyncIterable<Uint8Array> {
    return this.#read(sql, this.#scans)
  }

  async insert(insert: NativeInsert): Promise<void> {
    this.#refuseClosed()
    await this.#inserts.run(() => this.#insert(insert))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Inserts on their way are answered; scans are not waited for.
    await this.#inserts.idle()
    if (this.#busy.size > 0) await this.#command('KILL QUERY WHERE query_id != queryID() ASYNC')
    await Promise.all([this.#lookups.idle(), this.#scans.idle()])
    for (const session of [...this.#idle, ...this.#busy, this.#keeper]) await session.client.close()
    await this.#library.drainPending()
  }

  async #insert({ into, select, structure, where, settings, block }: NativeInsert): Promise<void> {
    const path = join(this.#folder, `.insert-${process.pid}-${this.#blocks++}`)
    const file = await open(path, 'wx+', 0o600)
    try {
      // Without a name it vanishes with its last reader, whatever becomes of this process.
      await unlink(path)
      await file.writeFile(block)
      const source = `file(${file.fd}, 'Native', ${quoteText(structure)})`
      // A map of the file would be kept by its number, which the next insert's file may have.
      const pread = `${settings}, storage_file_read_method = 'pread'`
      await this.#command(`INSERT INTO ${into} SELECT ${select} FROM ${source} ${where} ${pread}`)
    } finally {
      await file.close()
    }
  }

  async #command(sql: string): Promise<void> {
    const session = this.#take()
    try {
      await session.client.command({ query: sql })
    } catch (error) {
      await this.#drop(session)
      throw error
    }
    this.#give(session)
  }

  async *#read(sql: string, lane: Lane): AsyncGenerator<Uint8Array, void, undefined> {
    this.#refuseClosed()
    const session = this.#take()
    let whole = false
    try {
      const chunks = session.chdb.queryStream(sql, { format: 'Native' })[Symbol.asyncIterator]()
      for (;;) {
        const next = await lane.run(() => {
          this.#refuseClosed()
          return chunks.next()
        })
        if (next.done === true) break
        yield next.value.raw()
      }
      whole = true
    } finally {
      // A break in the reader's loop ends up here as well; closing the connection ends its query.
      if (whole) this.#give(session)
      else await this.#drop(session)
    }
  }

  #refuseClosed(): void {
    if (this.#closing !== null) throw new ArchiveError('ARCHIVE_UNAVAILABLE', 'the archive was closed')
  }

  #take(): Session {
    const session = this.#idle.pop() ?? this.#openSession()
    this.#busy.add(session)
    return session
  }

  #give(session: Session): void {
    this.#busy.delete(session)
    this.#idle.push(session)
  }

  async #drop(session: Session): Promise<void> {
    this.#busy.delete(session)
    await session.client.close()
  }

  #openSession(): Session {
    const connection = this.#library.createChdbConnection({ path: this.#folder })
    // Each package has its own copy of the types of a connection, which only their private members tell apart.
    const given = connection as unknown as NonNullable<ClickHouseClientConfigOptions['connection']>
    return { client: createClient({ connection: given }), chdb: connection.chdb }
  }
}
