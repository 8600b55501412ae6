/** Names further from the one that was typed than this many edits are no likely meaning of it. */
const EDITS_MAX = 3

/** The name nearest to a mistyped one, or null where none is near. */
export function nearestName(typed: string, names: Iterable<string>): string | null {
  let best: string | null = null
  let bestEdits = Math.min(EDITS_MAX, Math.ceil(typed.length / 2)) + 1
  for (const name of names) {
    if (Math.abs(name.length - typed.length) >= bestEdits) continue
    const edits = editsBetween(typed.toLowerCase(), name.toLowerCase())
    if (edits < bestEdits) {
      best = name
      bestEdits = edits
    }
  }
  return best
}

/** How many names a message lists. */
const LISTED_MAX = 20

/** What to do about an unknown name: the nearest one, or the one that it begins, else those that there are. `more`: what else to say. */
export function namesCure(typed: string, names: Iterable<string>, more: string | null = null): string {
  const all = [...new Set(names)].sort()
  const begun = typed === '' ? [] : all.filter((name) => name.startsWith(typed))
  const near = nearestName(typed, all) ?? (begun.length === 1 ? begun[0]! : null)
  if (near !== null) return `did you mean '${near}'?${more === null ? '' : ` ${more}`}`
  return `${listed(begun.length === 0 ? all : begun)}${more === null ? '' : `; ${more}`}`
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none is defined'
  const others = names.length > LISTED_MAX ? ` and ${names.length - LISTED_MAX} more` : ''
  return `there ${names.length === 1 ? 'is' : 'are'} ${names.slice(0, LISTED_MAX).join(', ')}${others}`
}

/** Letters to add, take away or change to make one text the other (V. Levenshtein). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
