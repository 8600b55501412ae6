import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClockMode } from '../features/clock.ts'
import { CommandError } from './command-error.ts'
import { type LockHolder, lockHolder, ProcessLock } from './process-lock.ts'
import { UsageError } from './usage-error.ts'

/** The lock of a data folder that this process holds. */
export interface DataFolderLock {
  /** Says where the HTTP API listens, for commands that act through it. */
  setUrl(url: string): Promise<void>
  release(): Promise<void>
}

/** Another process holds the data folder. */
export class DataFolderInUseError extends CommandError {
  override readonly name = 'DataFolderInUseError'
  readonly holder: LockHolder
  constructor(folder: string, holder: LockHolder) {
    const { pid, command, url } = holder
    const where = url === null ? '' : `, ${url}`
    super(
      'DATA_FOLDER_IN_USE',
      `the data folder ${folder} is in use by 'millrace ${command}' (process ${pid}${where})`,
      {
        cure:
          command === 'dev'
            ? `stop it first (kill ${pid}), or give this one a folder of its own with --data`
            : `wait until it is done, or stop it (kill ${pid})`,
      },
    )
    this.holder = holder
  }
}

const lockFile = (folder: string): string => join(folder, 'lock')

/**
 * Locks a data folder for this process until `release`, or its death. Creates the folder. Throws a
 * {@link DataFolderInUseError} while another process that lives holds it.
 */
export async function lockDataFolder(folder: string, command: string): Promise<DataFolderLock> {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'it is a file, or lies in one' : message
    throw new UsageError(`--data: '${folder}' cannot be used as a folder: ${why}`, 'give a folder that can be written')
  }
  const lock = await ProcessLock.acquire(lockFile(folder), command)
  if (!(lock instanceof ProcessLock)) throw new DataFolderInUseError(folder, lock)
  return {
    setUrl: async (url) => lock.setUrl(url),
    release: async () => lock.release(),
  }
}

/** Who holds a data folder now; null: nobody that lives. */
export function readHolder(folder: string): LockHolder | null {
  return lockHolder(lockFile(folder))
}

/** Reads `--clock`. Throws a UsageError. */
export function clockFlag(text: string): ClockMode {
  if (text === 'wall' || text === 'history') return text
  throw new UsageError(`--clock: '${text}' is not a clock`, `give 'wall', or 'history' to replay past data`)
}

/** The file that remembers what a data folder was last used with. */
const settingsFile = (folder: string): string => join(folder, 'settings.json')

/**
 * The clock of a data folder: the one that is given, which is remembered, else the one remembered, else `wall`. Data that was
 * replayed under `history` must not begin to expire because a later command does not say so.
 */
export function folderClock(folder: string, given: ClockMode | null): ClockMode {
  if (given === null) return rememberedClock(folder)
  const file = settingsFile(folder)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${file}.${process.pid}.new`, `${JSON.stringify({ clock: given })}\n`)
  renameSync(`${file}.${process.pid}.new`, file)
  return given
}

/** The clock that a data folder was last used with; `wall` where nobody said. */
export function rememberedClock(folder: string): ClockMode {
  try {
    const { clock } = JSON.parse(readFileSync(settingsFile(folder), 'utf8')) as { clock?: unknown }
    return clock === 'history' ? 'history' : 'wall'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'wall'
    throw error
  }
}
