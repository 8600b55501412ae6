import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { CommandError } from '../command-error.ts'
import type { Refusal } from './record-splitter.ts'

/** Keeps rejected lines, as NDJSON of line number, reason and text. It is made when there is a first one. */
export class RejectedFile {
  readonly path: string
  #file: number | null = null
  #bytes: number

  /** `bytes`: how much of it an earlier run vouches for; what is behind that is written again. */
  constructor(path: string, bytes: number) {
    this.path = path
    this.#bytes = bytes
  }

  get bytes(): number {
    return this.#bytes
  }

  add(refusals: readonly Refusal[]): void {
    if (refusals.length === 0) return
    this.#file ??= this.#open()
    const lines = refusals.map(({ line, reason, text }) => `${JSON.stringify({ line, reason, text })}\n`)
    const data = Buffer.from(lines.join(''))
    for (let at = 0; at < data.length; ) at += writeSync(this.#file, data, at, data.length - at, this.#bytes + at)
    this.#bytes += data.length
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
  }

  #open(): number {
    try {
      const file = openSync(this.path, this.#bytes === 0 ? 'w' : 'r+')
      ftruncateSync(file, this.#bytes)
      return file
    } catch (error) {
      throw new CommandError(
        'REJECTED_FILE',
        `rejected lines cannot be written to ${this.path}: ${(error as Error).message}`,
        { cure: 'say where they may go with --rejected <path>, and run the same command again', cause: error },
      )
    }
  }
}
