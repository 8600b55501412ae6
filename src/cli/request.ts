/**
 * How commands act: through the HTTP API of the process that holds the data folder, or, where none does, through the same
 * API in this process, with no socket in between. Either way one code path.
 */
export interface Backend {
  /** `path` begins with `/`. Answers of any status come back as they are; a connection that fails throws. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** Where the API listens, for people; null in this process. */
  readonly url: string | null
  close(): Promise<void>
}
