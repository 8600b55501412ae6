import type { EventChunk } from './event-chunk.ts'
import { type IngestState, writeState } from './ingest-state.ts'
import type { Position, Refusal } from './record-splitter.ts'
import { RejectedFile } from './rejected-file.ts'
import type { ChunkAnswer } from './road.ts'

/** Reasons that are shown at the end; all are in the rejected file. */
const SHOWN_MAX = 3

/** Keeps account of what was acknowledged, in the order of the input, so that a run that is killed can be gone on with. */
export class IngestLedger {
  readonly #stateFile: string | null
  readonly #rejected: RejectedFile
  readonly #firstRefusals: Refusal[] = []
  #state: IngestState

  /** `stateFile`: null for an input that cannot be read again. */
  constructor(stateFile: string | null, state: IngestState, rejectedFile: string) {
    this.#stateFile = stateFile
    this.#state = state
    this.#rejected = new RejectedFile(rejectedFile, state.rejectedBytes)
  }

  get state(): IngestState {
    return this.#state
  }

  get position(): Position {
    return this.#state.position
  }

  get firstRefusals(): readonly Refusal[] {
    return this.#firstRefusals
  }

  /** Notes a chunk that was answered: first what was rejected, then how far it goes. */
  settle(chunk: EventChunk, answer: ChunkAnswer): void {
    const refused = answer.rejected.map(({ index, message }) => ({
      line: chunk.lines[index]!,
      reason: message,
      text: chunk.text(index),
    }))
    const all = [...chunk.refused, ...refused].sort((a, b) => a.line - b.line)
    this.#rejected.add(all)
    this.#firstRefusals.push(...all.slice(0, SHOWN_MAX - this.#firstRefusals.length))
    const { accepted, rejected } = this.#state
    this.#write({
      ...this.#state,
      position: chunk.end,
      accepted: accepted + answer.accepted + chunk.sentBefore,
      rejected: rejected + all.length,
      rejectedFile: this.#rejected.bytes > 0 ? this.#rejected.path : null,
      rejectedBytes: this.#rejected.bytes,
    })
  }

  finish(now: Date): void {
    this.#write({ ...this.#state, finishedAt: now.toISOString() })
  }

  close(): void {
    this.#rejected.close()
  }

  #write(state: IngestState): void {
    this.#state = state
    if (this.#stateFile !== null) writeState(this.#stateFile, state)
  }
}
