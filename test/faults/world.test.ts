import { describe, expect, it } from 'vitest'
import { paymentJson, scoredJson } from './world/payment.ts'
import { type Sending, Traffic } from './world/traffic.ts'
import { HISTORY_MS, worldOf } from './world/world.ts'

const NOW = Date.UTC(2090, 0, 10)
const DAY_MS = 86_400_000

function minutes(seed: number): Sending[] {
  const traffic = new Traffic({ seed })
  const sent = traffic.history(500, NOW)
  for (let at = NOW; at < NOW + 120_000; at += 1_000) sent.push(...traffic.live(20, at))
  return [...sent, ...traffic.rest()]
}

describe('traffic', () => {
  const sent = minutes(5)
  const payments = sent.flatMap(({ payment }) => payment ?? [])
  const distinct = [...new Set(payments)]

  it('is the same for the same seed, and another for another', () => {
    expect(minutes(5).map(({ text }) => text)).toEqual(sent.map(({ text }) => text))
    expect(minutes(6).map(({ text }) => text)).not.toEqual(sent.map(({ text }) => text))
  })

  it('has copies, late and early events, labels, tombstones, moved and invalid ones, hot and quiet cards', () => {
    const live = distinct.filter(({ version }) => version === 1)
    const share = (count: number) => Math.round((100 * count) / live.length)
    expect(share(payments.length - distinct.length)).toBeGreaterThan(10)
    expect(distinct.some(({ time_ms }) => time_ms < NOW - 5 * DAY_MS && time_ms > NOW - 6 * DAY_MS)).toBe(true)
    expect(distinct.some(({ time_ms }) => time_ms > NOW + 1_800_000)).toBe(true)
    expect(distinct.some(({ time_ms }) => time_ms < NOW - 0.9 * HISTORY_MS)).toBe(true)
    expect(share(distinct.filter(({ values }) => values.fraud === true).length)).toBeGreaterThan(2)
    expect(share(distinct.filter(({ deleted }) => deleted).length)).toBeGreaterThan(1)
    expect(sent.length - payments.length).toBeGreaterThan(20)
    const cards = new Map<string, number>()
    for (const { card_id } of live) cards.set(card_id, (cards.get(card_id) ?? 0) + 1)
    const counts = [...cards.values()].sort((a, b) => b - a)
    expect([share(counts[0]!) > 15, counts.at(-1)! <= 3]).toEqual([true, true])
  })

  it('never sends two forms of one place and version, so that the judge need not know which of them wins', () => {
    const places = distinct.map(({ id, time_ms, card_id, merchant_id, version }) =>
      JSON.stringify([id, time_ms, card_id, merchant_id, version]),
    )
    expect(new Set(places).size).toBe(distinct.length)
  })

  it('is taken by the parser in the very form in which the judge counts it, and what is invalid is refused', () => {
    const source = worldOf('first').model.sources.get('payments')!
    for (const { payment, text } of sent) {
      if (payment === null) {
        expect(() => source.parser.parse(JSON.parse(text))).toThrow()
        continue
      }
      const parsed = source.parser.parse(JSON.parse(text))
      const { id, time_ms, version, deleted, values } = payment
      expect({ ...parsed, values: null }).toEqual({ id, time_ms, version, deleted, values: null })
      for (const [name, value] of Object.entries(values)) {
        expect(parsed.values[source.columns.findIndex((column) => column.name === name)]).toBe(value)
      }
      expect(source.parser.parseScored(scoredJson(payment)).time_ms).toBe(time_ms)
      expect(JSON.stringify(paymentJson(payment))).toBe(text)
    }
  })
})
