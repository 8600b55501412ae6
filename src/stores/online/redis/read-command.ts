import type { Connection } from './connection.ts'
import { KeyedCommand } from './keyed-command.ts'
import { ErrorReply, RedisStoreError } from './redis-error.ts'
import type { Reply } from './reply-parser.ts'

/** Reads one timeline. */
export class ReadCommand extends KeyedCommand {
  override readonly key: string
  rows: Buffer | null = null

  constructor(key: string) {
    super()
    this.key = key
  }

  override write({ out }: Connection): number {
    out.begin(2)
    out.text('GET')
    out.text(this.key)
    return 1
  }

  override take(replies: readonly Reply[], at: number): boolean {
    const reply = replies[at]!
    if (reply instanceof ErrorReply) return false
    if (reply !== null && !Buffer.isBuffer(reply))
      throw new RedisStoreError('PROTOCOL', 'GET answered what is no value')
    this.rows = reply
    return true
  }
}
