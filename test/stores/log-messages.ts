import { expect } from 'vitest'
import type { EventLog, LogBatch } from '../../src/stores/event-log.ts'

/** What the parts of the contract of an event log are about: the log of the test that runs. */
export interface EventLogSubject {
  log(): EventLog
  setClock(now_ms: number): void
  /** Holds the times of messages to those of the clock, or to their order where the log has a clock of its own. */
  expectTimes(found: readonly number[], times: readonly number[]): void
}

export const T0 = Date.UTC(2026, 0, 1)

export const message = (text: string, key = 'k') => ({ key, value: Buffer.from(text) })
export const messages = (from: number, to: number, key = 'k') =>
  Array.from({ length: to - from }, (_, i) => message(`m${from + i}`, key))
export const texts = (batch: LogBatch) => batch.values.map((value) => Buffer.from(value).toString())
export const named = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `m${from + i}`)

/** Reads a partition from an offset to its end, so many messages at a time. */
export async function readAll(
  log: EventLog,
  topic: string,
  partition: number,
  from: number,
  step = 1_000,
): Promise<{ texts: string[]; append_ms: number[] }> {
  const all: { texts: string[]; append_ms: number[] } = { texts: [], append_ms: [] }
  for (let offset = from; ; ) {
    const batch = await log.read(topic, partition, offset, step)
    expect(batch.baseOffset).toBe(offset)
    expect(batch.nextOffset).toBe(offset + batch.values.length)
    expect(batch.append_ms).toHaveLength(batch.values.length)
    if (batch.values.length === 0) return all
    all.texts.push(...texts(batch))
    all.append_ms.push(...batch.append_ms)
    offset = batch.nextOffset
  }
}
