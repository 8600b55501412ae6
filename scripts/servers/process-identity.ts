import { readFileSync } from 'node:fs'

/** A process, told apart from a later one of the same number by when it started. */
export interface ProcessIdentity {
  readonly pid: number
  readonly started: string
}

/** Whether this very process still runs; one that was killed and not waited for yet does not. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return started !== '' && processStarted(pid) === started
}

/** Boot and start time of a process; empty where there is none. */
export function processStarted(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Field 22 is the start time; the name before it, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : `${boot}/${fields[19]}`
  } catch {
    return ''
  }
}
