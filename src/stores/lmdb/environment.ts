import { randomInt } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { type Database, type Key, open, type RootDatabase } from 'lmdb'
import type { KeyEncoder } from './key-encoder.ts'
import { currentProcess, isAlive, type ProcessIdentity } from './process-identity.ts'

/** Tokens that a process owns an environment by: any safe integer does, few enough that none is met twice by chance. */
const TOKEN_MAX = 2 ** 47

const OWNER_KEY = 'owner'

/** A folder is open in a process that still runs. */
export class StoreInUseError extends Error {
  override readonly name = 'StoreInUseError'
  readonly code = 'STORE_IN_USE'
  readonly folder: string
  readonly pid: number
  constructor(folder: string, pid: number) {
    super(`${folder} is in use by process ${pid}: stop that process, or ask it through its HTTP API`)
    this.folder = folder
    this.pid = pid
  }
}

/** Another process took the folder over, as it could not see that this one still runs. Nothing was written. */
export class StoreTakenError extends Error {
  override readonly name = 'StoreTakenError'
  readonly code = 'STORE_TAKEN'
  constructor(folder: string) {
    super(`${folder} was taken over by another process: this one can no longer write to it; stop one of the two`)
  }
}

/** A transaction did not reach the disk. It may succeed later, when what hinders it is gone (a full disk). */
export class StoreWriteError extends Error {
  override readonly name = 'StoreWriteError'
  readonly code = 'STORE_WRITE_FAILED'
  constructor(folder: string, cause: unknown) {
    super(`could not write to ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/**
 * An LMDB environment that one process owns, so that it may hold in memory what is on disk. A process that runs is never
 * pushed out by one that can see it; where that cannot be seen (two containers on one volume) the later one wins, and every
 * transaction of the earlier one fails, as each is conditional on the owner's token.
 */
export class LmdbEnvironment {
  readonly folder: string
  readonly #root: RootDatabase<Buffer, string>
  readonly #owner: Database<Buffer, string>
  #token = 0
  #last: Promise<unknown> = Promise.resolve()
  #open = true

  private constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    this.#root = open<Buffer, string>(folder, {
      encoding: 'binary',
      noSubdir: false,
      // Without it a commit returns when its pages and then, in a second flush, the meta page that makes them count are on the
      // disk (fdatasync, O_DSYNC): so what is resolved outlives a kill and a power cut. With it (the default) promises resolve earlier.
      overlappingSync: false,
      // Only explicit batches are used. With it (the default) a failed commit also rejects a promise that nobody can see.
      eventTurnBatching: false,
    })
    this.#owner = this.#root.openDB({ name: 'owner', encoding: 'binary', useVersions: true })
  }

  /** Opens or creates the environment in a folder. Throws a {@link StoreInUseError} while another process has it open. */
  static async open(folder: string): Promise<LmdbEnvironment> {
    const environment = new LmdbEnvironment(folder)
    try {
      await environment.#own()
    } catch (error) {
      await environment.#root.close()
      throw error
    }
    syncFolder(folder)
    return environment
  }

  /** A named database of the environment; its values are bytes. */
  database<K extends Key>(name: string, keyEncoder: KeyEncoder<K>): Database<Buffer, K> {
    const options = { name, encoding: 'binary', keyEncoder } as const
    return this.#root.openDB<Buffer, K>(options)
  }

  /** Runs jobs one after the other, in the order of the calls: whatever changes the environment is such a job. */
  exclusive<T>(job: () => Promise<T>): Promise<T> {
    if (!this.#open) return Promise.reject(new Error(`${this.folder} is closed`))
    const done = this.#last.then(job)
    this.#last = done.catch(() => {})
    return done
  }

  /**
   * Makes all puts and removes that `write` calls one transaction, which is on disk when the promise resolves: all of it or, when it
   * rejects with a {@link StoreWriteError} or {@link StoreTakenError}, nothing (a part, if `write` itself throws). The bytes that are put must not change until then.
   */
  async commit(write: () => void): Promise<void> {
    let owned: boolean
    let thrown: unknown = null
    try {
      owned = await this.#owner.ifVersion(OWNER_KEY, this.#token, () => {
        try {
          write()
        } catch (error) {
          // What was put before is written nevertheless: who asked must not hear of it sooner.
          thrown = error
        }
      })
    } catch (error) {
      throw new StoreWriteError(this.folder, await reasonOf(error))
    }
    if (!owned) throw new StoreTakenError(this.folder)
    if (thrown !== null) throw new StoreWriteError(this.folder, thrown)
  }

  /** Waits for the jobs that were begun and lets go of the folder. */
  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#last
    await this.commit(() => this.#owner.put(OWNER_KEY, Buffer.from('null'), this.#token)).catch(() => {})
    await this.#root.close()
  }

  async #own(): Promise<void> {
    const found = this.#owner.getEntry(OWNER_KEY)
    const owner: ProcessIdentity | null = found === undefined ? null : JSON.parse(found.value.toString())
    if (owner !== null && isAlive(owner)) throw new StoreInUseError(this.folder, owner.pid)
    this.#token = randomInt(1, TOKEN_MAX)
    const me = Buffer.from(JSON.stringify(currentProcess()))
    const put = () => this.#owner.put(OWNER_KEY, me, this.#token)
    const owned = await (found === undefined
      ? this.#owner.ifNoExists(OWNER_KEY, put)
      : this.#owner.ifVersion(OWNER_KEY, found.version!, put))
    if (!owned) throw new StoreTakenError(this.folder)
  }
}

/** What LMDB says of a failed commit; lmdb-js hides it in a promise that must not be left unhandled. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<never> }
  if (commitError === undefined) return error
  return commitError.then(
    () => error,
    (reason: unknown) => reason,
  )
}

/** A file that was just created is only sure to be found after a power cut when its folder is on the disk too. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
