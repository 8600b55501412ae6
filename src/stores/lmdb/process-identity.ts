import { readFileSync } from 'node:fs'

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** Boot and start time, where the system tells them (Linux); else empty. */
  readonly started: string
}

/** Who this process is. */
export function currentProcess(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) }
}

/** Whether a process still runs, as far as can be seen from here (another container's cannot). */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return started === startOf(pid)
}

function startOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Field 22 is the start time; the name before it, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // One that was killed and that nobody has waited for (Z, X) still has its number, and holds nothing any more.
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : `${boot}/${fields[19]}`
  } catch {
    return ''
  }
}
