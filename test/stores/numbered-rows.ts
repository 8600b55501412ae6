import { expect } from 'vitest'
import type { OnlineStore, TimelineAppend } from '../../src/stores/online-store.ts'

/** What the parts of the contract of an online store are about: the store of the test that runs. */
export interface OnlineStoreSubject {
  store(): OnlineStore
  /** The numbers of a timeline's rows, ascending. */
  read(key: string): Promise<number[] | null>
}

/** Rows of these tests all have this length, so that they can be told apart however they are laid. */
export const ROW_BYTES = 16

/** A row that is like no other of another number. */
export function row(number: number): Uint8Array {
  return Buffer.from(number.toString(16).padStart(ROW_BYTES, '.'))
}

export function rows(...numbers: number[]): Uint8Array {
  return rowsOf(numbers)
}

export function rowsOf(numbers: readonly number[]): Uint8Array {
  return Buffer.concat(numbers.map(row))
}

/** The numbers of the rows of a timeline, ascending. */
export function numbers(bytes: Uint8Array | null): number[] | null {
  if (bytes === null) return null
  const text = Buffer.from(bytes).toString('latin1')
  expect(text.length % ROW_BYTES).toBe(0)
  const found: number[] = []
  for (let at = 0; at < text.length; at += ROW_BYTES) {
    found.push(Number.parseInt(text.slice(at, at + ROW_BYTES).replaceAll('.', ''), 16))
  }
  return found.sort((a, b) => a - b)
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

export const addAll = (key: string, numbers: readonly number[]): TimelineAppend => ({
  key,
  rows: rowsOf(numbers),
  expires_at_ms: null,
})
export const add = (key: string, ...numbers: number[]) => addAll(key, numbers)
export const move = (from: number | null, offset: number, group = 'g', topic = 't', partition = 0) => ({
  group,
  topic,
  partition,
  from,
  offset,
})

export async function collected(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const key of keys) found.push(key)
  return found.sort()
}
