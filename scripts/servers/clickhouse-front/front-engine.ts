import type { FileHandle } from 'node:fs/promises'
import { type ChdbConnection, createChdbConnection } from 'chdb/connection'
import { FrontError } from './front-error.ts'
import type { FrontRequest } from './front-request.ts'
import { fromFile } from './front-sql.ts'

/** Formats that chDB can give piece by piece; each piece of another would be a document of its own. */
const STREAMED = new Set(
  'Native,RowBinary,JSONEachRow,JSONCompactEachRow,CSV,TSV,TabSeparated,TSVRaw,TabSeparatedRaw,Null'.split(','),
)

/** chDB in one folder. A connection for each request, as settings stay on one, and what a failed query had made too. */
export class FrontEngine {
  readonly #path: string
  /** The engine goes away with its last connection, and takes a while to come back. */
  readonly #keeper: ChdbConnection
  version = ''

  constructor(path: string) {
    this.#path = path
    this.#keeper = createChdbConnection({ path })
  }

  async start(): Promise<void> {
    this.version = (await this.#keeper.chdb.queryAsync('SELECT version()', { format: 'TSVRaw' })).text().trim()
  }

  /**
   * The answer of a request, as it is made. `name` is in the settings of its query, so that {@link kill} finds it. `settings`
   * must end with the one that makes it read-only, where it is.
   */
  async *answer(
    { statement, data }: FrontRequest,
    settings: readonly (readonly [string, string])[],
    database: string | null,
    defaultFormat: string,
    name: string,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const connection = createChdbConnection({ path: this.#path })
    const run = (sql: string) => connection.chdb.queryAsync(sql, { format: 'TSVRaw' })
    try {
      if (database !== null) await run(`USE \`${database.replace(/[\\`]/g, '\\$&')}\``)
      const own = [
        ['log_comment', name],
        ['storage_file_read_method', 'pread'],
      ] as const
      for (const [setting, value] of [...own, ...settings]) {
        if (!/^\w+$/.test(setting)) throw new FrontError(115, 'UNKNOWN_SETTING', `Unknown setting '${setting}'`)
        await run(`SET ${setting} = ${quoted(value)}`)
      }
      if (data !== null) {
        await this.#insert(run, statement.sql, statement.format ?? 'Values', data)
        return
      }
      const format = statement.format ?? defaultFormat
      if (/^\s*(SELECT|WITH)\b/i.test(statement.sql) && STREAMED.has(format)) {
        for await (const chunk of connection.chdb.queryStream(statement.sql, { format })) yield chunk.raw()
      } else yield (await connection.chdb.queryAsync(statement.sql, { format })).bytes()
    } finally {
      await connection.close()
    }
  }

  /** Ends a query that nobody waits for any more. */
  async kill(name: string): Promise<void> {
    const connection = createChdbConnection({ path: this.#path })
    const where = `Settings['log_comment'] = ${quoted(name)}`
    const ids = await connection.chdb.queryAsync(`SELECT query_id FROM system.processes WHERE ${where}`, {
      format: 'TSVRaw',
    })
    for (const id of ids.text().split('\n').filter(Boolean)) {
      await connection.chdb.queryAsync(`KILL QUERY WHERE query_id = ${quoted(id)} ASYNC`, { format: 'Null' })
    }
    await connection.close()
  }

  async close(): Promise<void> {
    await this.#keeper.close()
  }

  async #insert(run: (sql: string) => Promise<unknown>, sql: string, format: string, data: FileHandle): Promise<void> {
    // The engine's own parser judges the statement as it was sent, as it will run another.
    await run(`SELECT formatQuerySingleLine(${quoted(`${sql} FORMAT ${format}`)})`)
    await run(fromFile(sql, format, data.fd))
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
