import { describe, expect, it } from 'vitest'
import { type Answer, AnswerJudge, type Question } from './judge/answer-judge.ts'
import { candidatesOf } from './judge/candidates.ts'
import { entityKeyOf, Ledger } from './judge/ledger.ts'
import { StaysOk } from './judge/stays-ok.ts'
import { Tally } from './judge/tally.ts'
import { oracle } from './judge/verdict.ts'
import { type Payment, scoredForm } from './world/payment.ts'
import { Traffic } from './world/traffic.ts'
import { worldOf } from './world/world.ts'

const { model } = worldOf('first')

const NOW = Date.now()

/** All traffic of a minute, acknowledged a second after it was sent, but for what `holds` says. */
function someLedger(holds: (payment: Payment) => boolean = () => false) {
  const traffic = new Traffic({ seed: 7, cards: 4, merchants: 2 })
  const ledger = new Ledger()
  const sent = traffic.history(150, NOW - 100_000)
  for (let at = NOW - 60_000; at < NOW; at += 1_000) sent.push(...traffic.live(5, at))
  for (const { payment } of [...sent, ...traffic.rest()]) {
    if (payment === null) continue
    ledger.begin(payment, NOW - 50_000)
    if (!holds(payment)) ledger.ack(payment, NOW - 49_000)
  }
  return { traffic, ledger }
}

/** The payments of an entity that count, where all that was sent does. */
function counting(ledger: Ledger, key: string): Payment[] {
  const found: Payment[] = []
  for (const { copies } of ledger.slots(key)) {
    const [winner] = copies.map(({ payment }) => payment).sort((a, b) => b.version - a.version)
    if (!winner!.deleted) found.push(winner!)
  }
  return found
}

/** An answer as a right engine gives it, from the payments that `seen` makes of those that count. */
function answerTo(
  ledger: Ledger,
  question: Question,
  seen: (payments: Payment[]) => Payment[] = (payments) => payments,
): Answer {
  const as_of = question.at_ms ?? question.current?.time_ms ?? NOW
  const features: Record<string, unknown> = {}
  for (const feature of model.features.values()) {
    const key = entityKeyOf(feature.timeline.entity.name, question.card_id, question.merchant_id)
    const value = oracle({ feature, at_ms: as_of, current: question.current }, seen(counting(ledger, key)))
    features[feature.name] = value
  }
  return { as_of, features, status: {}, watermarks: { payments: NOW } }
}

const HOT: Question = { card_id: 'c0', merchant_id: 'm0', at_ms: NOW, current: null }

function judged(ledger: Ledger, question: Question, answer: Answer) {
  const tally = new Tally()
  const good = new AnswerJudge(ledger, tally).judge(model, question, answer, 'test', true)
  return { good, tally, wrong: tally.wrong.map(({ feature }) => feature) }
}

describe('the judge, where all is acknowledged', () => {
  const { ledger, traffic } = someLedger()

  it('finds right answers exact: by keys, now and in the past, and for scored events', () => {
    for (const { card_id, merchant_id } of ledger.pairs.values()) {
      for (const at_ms of [NOW, NOW - 3_600_000, NOW - 86_400_000, NOW + 10_000]) {
        const question = { card_id, merchant_id, at_ms, current: null }
        const { good, tally } = judged(ledger, question, answerTo(ledger, question))
        expect([good, tally.exact, tally.wrong]).toEqual([true, model.features.size, []])
      }
    }
    for (const payment of [...ledger.payments.slice(-40), traffic.unsent(NOW)]) {
      const { card_id, merchant_id } = payment
      const question = { card_id, merchant_id, at_ms: null, current: scoredForm(payment) }
      expect(judged(ledger, question, answerTo(ledger, question))).toMatchObject({ good: true, wrong: [] })
    }
  })

  it('finds every number that is off by one, every list that lacks its newest, every text that is another', () => {
    const answer = answerTo(ledger, HOT)
    for (const [name, value] of Object.entries(answer.features)) {
      const other = typeof value === 'number' ? value + 1 : Array.isArray(value) ? value.slice(1) : 'XX'
      const features = { ...answer.features, [name]: other }
      expect(judged(ledger, HOT, { ...answer, features }).wrong).toEqual([name])
    }
  })

  it('finds an event that was dropped, for each of those that count', () => {
    const counted = counting(ledger, entityKeyOf('card_merchant', 'c0', 'm0'))
    expect(counted.length).toBeGreaterThan(10)
    for (const dropped of counted.filter(({ time_ms }) => time_ms > NOW - 6 * 86_400_000 && time_ms <= NOW)) {
      const answer = answerTo(ledger, HOT, (payments) => payments.filter((payment) => payment !== dropped))
      const { good, wrong } = judged(ledger, HOT, answer)
      expect(good).toBe(false)
      expect(wrong).toEqual(expect.arrayContaining(['card__tx_7d', 'merchant__tx_7d', 'pair__tx_7d']))
    }
  })

  it('finds an event that is counted twice, an old version, and one whose tombstone is not seen', () => {
    const twice = (payments: Payment[]) => [...payments, ...payments.filter(({ time_ms }) => time_ms <= NOW).slice(-1)]
    expect(judged(ledger, HOT, answerTo(ledger, HOT, twice)).wrong).toContain('card__tx_7d')
    const key = entityKeyOf('card', 'c0', 'm0')
    const recent = ledger.slots(key).filter(({ time_ms }) => time_ms > NOW - 86_400_000 && time_ms <= NOW)
    const corrected = recent.filter(({ copies }) => copies.length > 1)
    const first = (slot: (typeof corrected)[number]) =>
      slot.copies.find(({ payment }) => payment.version === 1)!.payment
    const revived = corrected.find(({ copies }) => copies.at(-1)!.payment.deleted)!
    const undead = answerTo(ledger, HOT, (payments) => [...payments, first(revived)])
    expect(judged(ledger, HOT, undead).wrong).toContain('card__before_1d')
    const labelled = ledger.slots(key).find((slot) => {
      const winner = slot.copies.at(-1)!.payment
      return winner.values.fraud === true && winner.time_ms > NOW - 6 * 86_400_000 && winner.time_ms <= NOW
    })!
    const unlabelled = answerTo(ledger, HOT, (payments) =>
      payments.map((payment) => (payment.id === labelled.id ? first(labelled) : payment)),
    )
    expect(judged(ledger, HOT, unlabelled).wrong).toContain('card__frauds_7d')
  })

  it('finds a label that leaked into the event it belongs to, and an event that counts in its own past', () => {
    const fraud = ledger.payments.find(
      ({ values, deleted, time_ms }) =>
        values.fraud === true && !deleted && time_ms > NOW - 86_400_000 && time_ms < NOW,
    )!
    const { card_id, merchant_id } = fraud
    const question: Question = { card_id, merchant_id, at_ms: null, current: scoredForm(fraud) }
    const right = answerTo(ledger, question)
    const leaked = answerTo(ledger, { ...question, current: fraud })
    expect(judged(ledger, question, right).wrong).toEqual([])
    expect(judged(ledger, question, leaked).wrong).toEqual(['card__frauds_7d', 'merchant__charged_back_7d'])
    const unscored = answerTo(ledger, { ...question, current: null, at_ms: right.as_of })
    expect(judged(ledger, question, unscored).wrong).toEqual(expect.arrayContaining(['card__before_1d']))
  })

  it('finds an answer that is for another instant, or lacks a feature', () => {
    const answer = answerTo(ledger, HOT)
    expect(judged(ledger, HOT, { ...answer, as_of: NOW - 1 }).wrong).toContain('as_of')
    const { card__tx_7d: _, ...features } = answer.features
    expect(judged(ledger, HOT, { ...answer, features }).wrong).toEqual(['card__tx_7d'])
  })

  it('holds nothing against a value with a status, unless a count or sum is above all that there is', () => {
    const none = answerTo(ledger, HOT, () => [])
    const status = Object.fromEntries(Object.keys(none.features).map((name) => [name, 'incomplete']))
    expect(judged(ledger, HOT, none).wrong.length).toBeGreaterThan(10)
    expect(judged(ledger, HOT, { ...none, status })).toMatchObject({ good: false, wrong: [] })
    const features = { ...none.features, card__tx_7d: 1_000_000, merchant__spend_1d: 1e15 }
    expect(judged(ledger, HOT, { ...none, status, features }).wrong).toEqual(['card__tx_7d', 'merchant__spend_1d'])
  })
})

describe('the judge, where something is on its way', () => {
  /** The newest payment of card c0, merchant m0. */
  const onItsWay = (() => {
    const recent = counting(someLedger().ledger, entityKeyOf('card_merchant', 'c0', 'm0')).filter(
      ({ time_ms, version }) => time_ms <= NOW && version === 1,
    )
    return recent.sort((a, b) => b.time_ms - a.time_ms)[0]!
  })()
  const { ledger } = someLedger(({ id }) => id === onItsWay.id)
  const without = (payments: Payment[]) => payments.filter(({ id }) => id !== onItsWay.id)

  it('takes both values, with it and without it, and nothing else', () => {
    for (const answer of [answerTo(ledger, HOT), answerTo(ledger, HOT, without)]) {
      const { wrong, tally } = judged(ledger, HOT, answer)
      expect([wrong, tally.skipped]).toEqual([[], 0])
      expect(tally.bounded).toBeGreaterThan(10)
    }
    for (const by of [-1, 2]) {
      const answer = answerTo(ledger, HOT, without)
      const features = { ...answer.features, card__tx_7d: (answer.features.card__tx_7d as number) + by }
      expect(judged(ledger, HOT, { ...answer, features }).wrong).toEqual(['card__tx_7d'])
    }
    const between = { ...answerTo(ledger, HOT).features, card__usual_1d: 0.5, card__amounts_1d: [1, 2, 3] }
    const { wrong } = judged(ledger, HOT, { ...answerTo(ledger, HOT), features: between })
    expect(wrong).toEqual(['card__usual_1d', 'card__amounts_1d'])
  })

  it('asks for all that was acknowledged before the watermark, and for nothing that was acknowledged after', () => {
    const dropped = counting(ledger, entityKeyOf('card', 'c0', 'm0')).find(
      ({ time_ms, id }) => time_ms <= NOW && time_ms > NOW - 86_400_000 && id !== onItsWay.id,
    )!
    const answer = answerTo(ledger, HOT, (payments) => without(payments).filter(({ id }) => id !== dropped.id))
    expect(judged(ledger, HOT, answer).wrong).toContain('card__tx_7d')
    const before = { ...answer, watermarks: { payments: NOW - 49_000 } }
    expect(judged(ledger, HOT, before).wrong).toEqual([])
    const after = { ...answer, watermarks: { payments: NOW - 48_999 } }
    expect(judged(ledger, HOT, after).wrong).toContain('card__tx_7d')
  })
})

describe('candidates', () => {
  const [payment] = new Traffic({ seed: 1 }).history(1, NOW)
  const first = { ...payment!.payment!, version: 1, deleted: false }
  const label = { ...first, version: 2 }
  const tombstone = { ...first, version: 3, deleted: true }
  const slot = (...acked: (number | null)[]) => ({
    time_ms: first.time_ms,
    id: first.id,
    copies: [first, label, tombstone].map((copy, i) => ({
      payment: copy,
      begun_ms: 0,
      acked_ms: acked[i] ?? null,
      place: null,
    })),
  })

  it.each([
    ['nothing is sure', slot(), 10, [null, first, label]],
    ['the first is sure', slot(5), 10, [first, label, null]],
    ['a later version hides the first', slot(null, 5), 10, [label, null]],
    ['the tombstone is sure', slot(5, null, 6), 10, [null]],
    ['acknowledged at the watermark is not before it', slot(5, 10, null), 10, [first, label, null]],
    ['no watermark', slot(5, 5, 5), null, [null, first, label]],
  ] as const)('%s', (_, given, watermark_ms, expected) => {
    expect(candidatesOf([given], watermark_ms)[0]!.payments).toEqual(expected)
  })
})

describe('what was ok once', () => {
  it('must stay ok, while nothing is broken', () => {
    const tally = new Tally()
    const stays = new StaysOk(tally)
    const { ledger } = someLedger()
    const ok = { ...answerTo(ledger, HOT), as_of: Date.now() }
    const bad = { ...ok, status: { card__tx_7d: 'incomplete' } }
    stays.look('a', model, HOT, bad, Date.now())
    stays.on()
    stays.look('a', model, HOT, bad, Date.now())
    stays.look('a', model, HOT, ok, Date.now())
    stays.look('b', model, HOT, bad, Date.now() + 5)
    stays.look('a', model, { ...HOT, card_id: 'c1' }, bad, Date.now() + 5)
    // It was asked before it was ok.
    stays.look('a', model, HOT, bad, Date.now() - 1_000)
    expect(tally.wrong).toEqual([])
    expect(stays.watched).toBeGreaterThan(10)
    stays.look('a', model, HOT, bad, Date.now() + 5)
    expect(tally.wrong.map(({ feature }) => feature)).toEqual(['card__tx_7d'])
    stays.off()
    stays.look('a', model, HOT, bad, Date.now() + 10)
    expect(tally.wrongCount).toBe(1)
  })
})
