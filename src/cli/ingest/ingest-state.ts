import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Position } from './record-splitter.ts'

/** How far the ingest of a file has come: what is before `position` is sent, and what was wrong there is in the rejected file. */
export interface IngestState {
  /** As it was named last, for people. */
  readonly file: string
  readonly source: string
  readonly position: Position
  readonly accepted: number
  readonly rejected: number
  /** Where rejected lines are, once there are any, and how many bytes of that file belong to what is before `position`. */
  readonly rejectedFile: string | null
  readonly rejectedBytes: number
  /** It was asked for once more, with `--again`: what the archive holds of it does not count. */
  readonly again: boolean
  readonly startedAt: string
  readonly finishedAt: string | null
}

/** The state in a file, or null where there is none. One that cannot be read is none: ingesting twice does no harm. */
export function readState(file: string): IngestState | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as IngestState
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Writes the state, whole or not at all. */
export function writeState(file: string, state: IngestState): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify(state))
  renameSync(`${file}.new`, file)
}
