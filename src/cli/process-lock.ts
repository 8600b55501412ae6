import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { currentProcess, isAlive, type ProcessIdentity } from '../stores/lmdb/process-identity.ts'

/** Who holds a lock, as its file says it. */
export interface LockHolder extends ProcessIdentity {
  /** Of this holding, never used again. */
  readonly id: string
  /** As `dev`. */
  readonly command: string
  /** Where its HTTP API listens, once it does. */
  readonly url: string | null
  readonly since: string
}

/** How long a take-over by another process is waited for: it is a few system calls. */
const TAKEOVER_TRIES_MAX = 100
const TAKEOVER_PAUSE_MS = 10

/**
 * A lock that is a file, held by a process until it releases it or dies: a holder that is dead, by its number and start time,
 * is taken over from at once.
 *
 * Who takes over first creates the claim `<file>.<id of the dead holder>`, which the file system gives to one process
 * only, and then renames its own record onto the file. A claimant that died in between is claimed from in the same way, so
 * the holder is the end of that chain. As no id comes twice, a claim on a holder that is history is seen by reading the
 * chain again, and given up.
 */
export class ProcessLock {
  readonly #file: string
  #record: LockHolder

  private constructor(file: string, record: LockHolder) {
    this.#file = file
    this.#record = record
  }

  /** Takes the lock, or answers who holds it. */
  static async acquire(file: string, command: string): Promise<ProcessLock | LockHolder> {
    const record: LockHolder = {
      id: randomUUID(),
      ...currentProcess(),
      command,
      url: null,
      since: new Date().toISOString(),
    }
    const own = `${file}.${record.id}.new`
    writeFileSync(own, JSON.stringify(record))
    try {
      for (let i = 0; i < TAKEOVER_TRIES_MAX; i++) {
        if (created(own, file)) return new ProcessLock(file, record)
        const chain = readChain(file)
        const last = chain.at(-1)
        if (last === undefined) continue
        if (isAlive(last)) {
          if (chain.length === 1) return last
          // It is about to become the holder.
          await sleep(TAKEOVER_PAUSE_MS)
          continue
        }
        const claim = claimOn(file, last)
        if (!created(own, claim)) continue
        const now = readChain(file)
        if (now.length === chain.length + 1 && now.at(-1)?.id === record.id) {
          renameSync(own, file)
          for (const dead of chain) rmSync(claimOn(file, dead), { force: true })
          return new ProcessLock(file, record)
        }
        rmSync(claim, { force: true })
      }
      const holder = lockHolder(file)
      if (holder !== null) return holder
      throw new Error(`${file} could not be locked: other processes keep taking it over`)
    } finally {
      rmSync(own, { force: true })
    }
  }

  /** Says where the holder's API listens. */
  setUrl(url: string): void {
    this.#record = { ...this.#record, url }
    const next = `${this.#file}.${this.#record.id}.new`
    writeFileSync(next, JSON.stringify(this.#record))
    renameSync(next, this.#file)
  }

  release(): void {
    if (read(this.#file)?.id === this.#record.id) rmSync(this.#file, { force: true })
  }
}

/** Who holds a lock now; null: nobody that lives. */
export function lockHolder(file: string): LockHolder | null {
  const last = readChain(file).at(-1)
  return last !== undefined && isAlive(last) ? last : null
}

/** The record in the file and, behind it, who claimed the lock from whom. */
function readChain(file: string): LockHolder[] {
  const chain: LockHolder[] = []
  for (let next = read(file); next !== null; next = read(claimOn(file, next))) chain.push(next)
  return chain
}

function claimOn(file: string, { id }: LockHolder): string {
  return `${file}.${id}`
}

/** Gives a written record a second name, whole or not at all. False where the name is taken. */
function created(record: string, name: string): boolean {
  try {
    linkSync(record, name)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function read(file: string): LockHolder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LockHolder
  } catch (error) {
    // Where the folder is none, whoever wants to lock it is told so.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
