import { type Mark, type MarkMove, MarkMovedError } from '../online-store.ts'
import { markKey } from './append-check.ts'

/** The marks of a store, in memory: what has been acknowledged. */
export class MarkTable {
  /** By group, then by topic and partition. */
  readonly #groups = new Map<string, Map<string, Mark>>()

  get(group: string, topic: string, partition: number): number | null {
    return this.#groups.get(group)?.get(placeOf(topic, partition))?.offset ?? null
  }

  set({ group, topic, partition, offset }: Mark): void {
    const marks = this.#groups.get(group) ?? new Map<string, Mark>()
    this.#groups.set(group, marks)
    marks.set(placeOf(topic, partition), { group, topic, partition, offset })
  }

  remove(group: string, topic?: string): void {
    const marks = this.#groups.get(group)
    for (const [place, mark] of marks ?? []) if (mark.topic === (topic ?? mark.topic)) marks!.delete(place)
    if (marks?.size === 0) this.#groups.delete(group)
  }

  /** Of a group, or of all. */
  of(group?: string): Mark[] {
    const groups = group === undefined ? [...this.#groups.values()] : [this.#groups.get(group) ?? new Map()]
    return groups.flatMap((marks) => [...marks.values()])
  }

  groups(): string[] {
    return [...this.#groups.keys()]
  }
}

/** The marks as they will be once some moves are on disk: each move sees those before it, and a refused call leaves none. */
export class MarkMoves {
  readonly #marks: MarkTable
  #moved = new Map<string, Mark>()

  constructor(marks: MarkTable) {
    this.#marks = marks
  }

  /** Takes all moves of one call, or throws a {@link MarkMovedError} and takes none. */
  take(moves: readonly MarkMove[]): void {
    const moved = new Map(this.#moved)
    for (const move of moves) {
      const { group, topic, partition, offset } = move
      const place = markKey(group, topic, partition)
      const found = moved.get(place)?.offset ?? this.#marks.get(group, topic, partition)
      if (found !== move.from) throw new MarkMovedError(move, found)
      moved.set(place, { group, topic, partition, offset })
    }
    this.#moved = moved
  }

  /** The marks that move, each with where it goes at last. */
  get moved(): Mark[] {
    return [...this.#moved.values()]
  }
}

function placeOf(topic: string, partition: number): string {
  return `${partition}/${topic}`
}
