import { describe, expect, it } from 'vitest'
import { makeIntake } from '../../src/cli/intake.ts'
import { QuarantineDesk } from '../../src/cli/quarantine-replay.ts'
import { collect } from '../../src/features/collect.ts'
import type { Model, SourceModel } from '../../src/features/model.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, type Decode, entity, featureGroup, source, z } from '../../src/index.ts'
import { messageSchema } from '../../src/serving/http/column-schemas.ts'
import { readEvents } from '../../src/serving/http/event-list.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { Quarantine } from '../../src/stores/quarantine.ts'

const NOW = Date.UTC(2026, 0, 1)
const NDJSON = 'application/x-ndjson'
const event = (id: string, more: object = {}) => ({ id, at: NOW - 1_000, card: 'c', ...more })

function modelOf(stream: object): Model {
  const cards = source('cards', {
    schema: z.object({ id: z.string(), at: z.int(), card: z.string() }),
    ...{ id: 'id', time: 'at' },
    stream: { topic: 'bank', ...stream },
  })
  const byCard = featureGroup('by_card', {
    source: cards,
    entity: entity('card', { key: { card: z.string() } }),
    features: { n: count().over('7d') },
  })
  return resolveModel(collect([{ file: 'definitions.ts', exports: { cards, byCard } }]))
}

const sourceOf = (model: Model): SourceModel => model.sources.get('cards')!
const kinds = modelOf({ where: { kind: 'pay' } })

async function logOf(): Promise<MemoryEventLog> {
  const log = new MemoryEventLog({ now: () => NOW })
  await log.ensureTopic('bank', 1)
  return log
}
const texts = async (log: MemoryEventLog) =>
  (await log.read('bank', 0, 0, 100)).values.map((value) => Buffer.from(value).toString())

describe('events that are sent to a source that shares its topic', () => {
  it('say of which kind they are; others are refused with the field, the value and the cure', () => {
    const sent = [event('a', { kind: 'pay' }), event('b', { kind: 'login' }), event('c')]
    const list = readEvents(sourceOf(kinds), NDJSON, sent.map((one) => JSON.stringify(one)).join('\n'))
    expect(list.taken.map(({ parsed }) => parsed.id)).toEqual(['a'])
    expect(list.rejected).toEqual([
      {
        ...{ index: 1, code: 'EVENT_KIND', field: 'kind', value: '"login"' },
        cure: 'send it to the source of its kind, or set kind to "pay"',
        message:
          'kind: "login" is another kind than cards takes: send it to the source of its kind, or set kind to "pay"',
      },
      {
        ...{ index: 2, code: 'EVENT_KIND', field: 'kind', value: null, cure: 'send a text, a number, true or false' },
        message: 'kind is missing, but it says which events of bank it is one of: send a text, a number, true or false',
      },
    ])
    expect(readEvents(sourceOf(kinds), 'application/json', JSON.stringify(sent))).toEqual({
      taken: [expect.anything()],
      rejected: list.rejected,
    })
  })

  it('are described with the field', () => {
    expect(messageSchema(sourceOf(kinds))).toMatchObject({
      properties: { kind: { enum: ['pay'] } },
      required: ['id', 'at', 'card', 'kind'],
    })
  })

  it('come back from its own quarantine where it takes their kind', async () => {
    const log = await logOf()
    const quarantine = new Quarantine(log, () => NOW)
    const put = (offset: number, message: object) => ({
      ...{ source: 'cards', topic: 'bank', partition: 0, offset, reason: 'it was wrong then' },
      value: Buffer.from(JSON.stringify(message)),
    })
    const kept = [event('a', { kind: 'pay' }), event('b', { kind: 'login' }), event('c')]
    await quarantine.add(
      sourceOf(kinds),
      kept.map((message, offset) => put(offset, message)),
    )
    expect(await log.topics()).toEqual(['bank', 'bank.quarantine.cards'])
    const desk = new QuarantineDesk(kinds, log, () => NOW)
    const outcome = await desk.replay(sourceOf(kinds))
    expect([outcome.accepted, outcome.refused]).toEqual([1, 2])
    expect(outcome.refusals.map(({ reason }) => reason.split(',')[0]!.slice(0, 40))).toEqual([
      'kind: "login" is another kind than cards',
      'kind is missing',
    ])
    expect(await texts(log)).toEqual([JSON.stringify(event('a', { kind: 'pay' }))])
  })
})

describe('messages that are sent to a source that decodes', () => {
  const decode: Decode = (message) => {
    const [card, ...ids] = Buffer.from(message).toString().split(' ')
    if (card === 'nobody') throw new Error('nobody is no card')
    return ids.map((id) => event(id, { card }))
  }
  const decoding = modelOf({ decode })

  it('are judged by decoding, need be no JSON, and are appended as they came', async () => {
    const log = await logOf()
    const list = readEvents(sourceOf(decoding), NDJSON, 'c a b\nnobody x\n\nc\nd e')
    expect(list.taken.map(({ parsed, raw }) => [parsed.id, raw])).toEqual([
      ['a', 'c a b'],
      ['e', 'd e'],
    ])
    expect(list.rejected).toEqual([
      {
        ...{ index: 1, code: 'EVENT_DECODE', field: null, value: null, message: 'nobody is no card' },
        cure: 'send the message as its topic has it',
      },
      {
        ...{ index: 3, code: 'EVENT_DECODE', field: null, value: null, cure: 'leave it out' },
        message: 'the message gives cards no event, as its decode says: leave it out',
      },
    ])
    await makeIntake(log, decoding)(sourceOf(decoding), list.taken)
    expect(await texts(log)).toEqual(['c a b', 'd e'])
  })
})
