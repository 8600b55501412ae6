import { isTerminal } from './output.ts'

/** How often a line is written anew: as fast as it can be read on a terminal, rarely where it fills a log. */
const TERMINAL_EVERY_MS = 100
const PLAIN_EVERY_MS = 2_000

/** Short, so that the whole line fits in 80 columns. */
const BAR_WIDTH = 16

/** Over how long the rate is taken. */
const RATE_MS = 5_000

export interface ProgressAt {
  /** Between 0 and 1; null where the end is not known. */
  readonly fraction: number | null
  /** Units of work done since the beginning, for the rate. */
  readonly done: number
  /** What they are, and whatever else is to be said: `1,000 events`. */
  readonly text: string
}

/** Tells on stderr how work goes: one line that moves on a terminal, else a line every two seconds. */
export class Progress {
  readonly #terminal: boolean
  readonly #write: (text: string) => void
  readonly #now: () => number
  readonly #samples: { ms: number; done: number; fraction: number | null }[] = []
  #told_ms = Number.NEGATIVE_INFINITY
  #shown = false

  constructor(
    terminal = isTerminal(),
    write = (text: string): void => void process.stderr.write(text),
    now = (): number => performance.now(),
  ) {
    this.#terminal = terminal
    this.#write = write
    this.#now = now
  }

  update(at: ProgressAt): void {
    const ms = this.#now()
    if (this.#samples.length === 0) {
      this.#samples.push({ ms, ...at })
      // A plain line comes when there is something to tell.
      if (!this.#terminal) this.#told_ms = ms
    }
    if (ms - this.#told_ms < (this.#terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS)) return
    this.#told_ms = ms
    this.#samples.push({ ms, ...at })
    while (this.#samples.length > 2 && ms - this.#samples[0]!.ms > RATE_MS) this.#samples.shift()
    this.#tell([at.text, ...this.#speed()].join(', '), at.fraction)
  }

  /** A line that stays. */
  note(text: string): void {
    this.clear()
    this.#write(`${text}\n`)
  }

  /** Takes the moving line away. */
  clear(): void {
    if (this.#shown) this.#write('\r\u001b[2K')
    this.#shown = false
  }

  #tell(text: string, fraction: number | null): void {
    const percent = fraction === null ? '' : `${Math.floor(fraction * 100)}% `
    if (!this.#terminal) {
      this.#write(`${percent}${text}\n`)
      return
    }
    const line = `${fraction === null ? '' : `${bar(fraction)} `}${percent}${text}`
    // A line that wraps could not be taken back.
    const width = process.stderr.columns ?? 80
    this.#write(`\r\u001b[2K${line.slice(0, width - 1)}`)
    this.#shown = true
  }

  /** The rate of the last seconds, and how long it will take at that. */
  #speed(): string[] {
    const first = this.#samples[0]!
    const last = this.#samples.at(-1)!
    const seconds = (last.ms - first.ms) / 1_000
    if (seconds <= 0 || last.done <= first.done) return []
    const rate = `${Math.round((last.done - first.done) / seconds).toLocaleString('en-US')}/s`
    if (last.fraction === null || first.fraction === null || last.fraction <= first.fraction) return [rate]
    const left = ((1 - last.fraction) * seconds) / (last.fraction - first.fraction)
    return [rate, `${formatSeconds(left)} left`]
  }
}

function bar(fraction: number): string {
  const full = Math.min(BAR_WIDTH, Math.floor(fraction * BAR_WIDTH))
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`
}

/** `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}
