/** Offsets from the first up to and without the second. */
export type OffsetRun = readonly [from: number, until: number]

/** Adds a run to ascending ones, behind them or where the last ends. */
export function addRun(runs: [from: number, until: number][], from: number, until: number): void {
  if (until <= from) return
  const last = runs.at(-1)
  if (last !== undefined && last[1] === from) last[1] = until
  else runs.push([from, until])
}

/** Ascending runs as text: the lengths of each, and of the gap behind it: `2 1 3` for 5 to 6 and 8 to 10. Where they begin it does not say. */
export function runsText(runs: readonly OffsetRun[]): string {
  return runs.map(([from, until], i) => `${i === 0 ? '' : `${from - runs[i - 1]![1]} `}${until - from}`).join(' ')
}

/** The runs of a text, of which the first begins at `first`. */
export function runsIn(text: string, first: number): OffsetRun[] {
  const runs: OffsetRun[] = []
  let at = first
  for (const [i, length] of text.split(' ').map(Number).entries()) {
    if (i % 2 === 0) runs.push([at, at + length])
    at += length
  }
  return runs
}
