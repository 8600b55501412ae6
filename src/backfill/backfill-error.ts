/** A backfill that cannot make a timeline complete, with what to do about it. */
export class BackfillError extends Error {
  override readonly name = 'BackfillError'
  readonly code: 'ARCHIVE_HOLE' | 'TOPIC_REPLACED' | 'ARCHIVE_LAGS' | 'ARCHIVE_CHANGED' | 'STORE_CHANGED' | 'NO_ARCHIVE'
  constructor(code: BackfillError['code'], message: string) {
    super(message)
    this.code = code
  }
}
