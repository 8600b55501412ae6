import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventError } from '../../src/features/event-error.ts'
import { fieldScanner } from '../../src/features/field-scanner.ts'
import type { Model, SourceModel } from '../../src/features/model.ts'
import { streamedTopics, topicRouter } from '../../src/features/topic-router.ts'
import type { Decode } from '../../src/index.ts'
import { logins, modelOf, payments } from './definition-kit.ts'

const AT = '2026-01-02T03:04:05Z'
const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const event = (id: string, more: object = {}) => ({ id, at: AT, ...more })

function refusal(act: () => unknown): EventError {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(EventError)
    return error as EventError
  }
  throw new Error('it was not refused')
}

describe('one field of a message', () => {
  const scan = fieldScanner('kind', (value) => new TypeError(`${typeof value} is no object`))
  const plain = (json: Uint8Array): unknown => {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object')
    return (value as Record<string, unknown>).kind
  }
  const outcome = (read: (json: Uint8Array) => unknown, json: Uint8Array) => {
    try {
      return { is: read(json) }
    } catch (error) {
      return { throws: (error as Error).name }
    }
  }

  it('is what JSON.parse gives, or is refused as there: for any JSON, also cut off, doubled, or with a byte changed', () => {
    const name = fc.constantFrom('kind', 'k', 'kin', 'kindly', 'id', 'é', '', 'a"b', 'ki\\u006ed')
    const entries = fc.array(fc.tuple(name, fc.jsonValue({ maxDepth: 2 })), { maxLength: 6 })
    const blank = fc.constantFrom('', ' ', '\n\t')
    const text = fc.tuple(entries, blank).map(([fields, gap]) => {
      const parts = fields.map(([key, value]) => `${gap}${keyText(key)}${gap}:${gap}${JSON.stringify(value)}${gap}`)
      return `${gap}{${parts.join(',')}}${gap}`
    })
    const changed = fc
      .tuple(fc.oneof(text, fc.json()), fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('as it is', 'cut', 'changed'))
      .map(([json, at, byte, how]) => {
        const made = Buffer.from(json)
        if (how === 'cut') return made.subarray(0, at % (made.length + 1))
        if (how === 'changed' && made.length > 0) made[at % made.length] = byte
        return made
      })
    let found = 0
    fc.assert(
      fc.property(changed, (json) => {
        const given = outcome(scan, json)
        expect(given).toEqual(outcome(plain, json))
        if ('is' in given && given.is !== undefined) found++
      }),
      { numRuns: 5_000, seed: 7 },
    )
    expect(found).toBeGreaterThan(300)
  })

  /** An escape that is written already stays as it is. */
  const keyText = (key: string) => (key.includes('\\') ? `"${key}"` : JSON.stringify(key))
})

const takes = (kind: unknown, more: object = {}) => ({ stream: { topic: 'bank', where: { kind }, ...more } })
const shared = (more: object = {}): Model =>
  modelOf({ payments: payments({}, takes(['pay', 1], more)), logins: logins({}, takes([true, 'login'], more)) })

describe('a topic that sources share', () => {
  const model = shared()
  const [, sources] = [...streamedTopics(model.sources.values())][0]!
  const route = topicRouter(sources)
  const shown = (message: unknown) =>
    route(bytes(message)).map(({ source, events, refusal }) => [source.name, events?.map(({ id }) => id) ?? refusal])

  it('has its sources by name', () => {
    expect(sources.map(({ name }) => name)).toEqual(['logins', 'payments'])
  })

  it.each([
    ['one kind', event('a', { kind: 'pay' }), [['payments', ['a']]]],
    ['a number', event('a', { kind: 1 }), [['payments', ['a']]]],
    ['true', event('a', { kind: true }), [['logins', ['a']]]],
    ['a kind of nobody', { kind: 'other' }, []],
    ['a text that looks like a number of somebody', event('a', { kind: '1' }), []],
    ['a wrong event of one kind', { kind: 'pay', at: AT }, [['payments', 'id is missing']]],
    [
      'no kind',
      event('a'),
      [
        [
          'logins',
          'kind is missing, but it says which events of bank it is one of: send a text, a number, true or false',
        ],
      ],
    ],
    [
      'null',
      event('a', { kind: null }),
      [['logins', 'kind is null, but it says which events of bank it is one of: send a text, a number, true or false']],
    ],
    [
      'a list',
      event('a', { kind: ['pay'] }),
      [
        [
          'logins',
          'kind: an array names no kind, but it says which events of bank it is one of: send a text, a number, true or false',
        ],
      ],
    ],
    [
      'no object',
      '[1]',
      [['logins', 'an array is not an event of bank: send a JSON object with a field for each column']],
    ],
  ])('gives %s to its source, or keeps it aside once', (_, message, outcomes) => {
    expect(shown(message)).toEqual(outcomes)
  })

  it('keeps what is no JSON aside once', () => {
    expect(shown('{"kind"')).toEqual([['logins', expect.stringContaining('JSON')]])
  })

  it('refuses an event of another kind that is sent to a source, with the field, the value and the cure', () => {
    const { messages, parser } = model.sources.get('payments')!
    const says =
      'kind: "login" is another kind than payments takes: send it to the source of its kind, or set kind to "pay" or 1'
    const sent = refusal(() => messages.readSent(bytes(event('a', { kind: 'login' }))))
    expect([sent.code, sent.column, sent.message]).toEqual(['EVENT_KIND', 'kind', says])
    expect(refusal(() => parser.parse(event('a', { kind: 'login' }))).message).toBe(says)
    expect(refusal(() => messages.readSent(bytes(event('a')))).code).toBe('EVENT_KIND')
    expect(messages.readSent(bytes(event('a', { kind: 'pay' }))).map(({ id }) => id)).toEqual(['a'])
    // Rows for the archive are of its source by themselves.
    expect(parser.parse(event('a')).id).toBe('a')
  })

  it('takes what its kinds make of a name: timelines, positions and hashes are others with other kinds', async () => {
    const { archiveGroup, sourceOrigin } = await import('../../src/stores/archive-columns.ts')
    const of = (kind: unknown) => modelOf({ a: payments({}, takes(kind)) }).sources.get('payments')!
    const names = (source: SourceModel) => [archiveGroup(source), sourceOrigin(source, 3)]
    expect(names(of(['pay', 1]))).toEqual(names(of([1, 'pay'])))
    expect(names(of(['pay']))).not.toEqual(names(of(['pay', 1])))
    expect(names(of(['pay']))[0]).toMatch(/^millrace-archive\.payments\.[0-9a-f]{8}$/)
    const alone = modelOf({ a: payments({}, { stream: { topic: 'bank' } }) }).sources.get('payments')!
    expect(names(alone)).toEqual(['millrace-archive', 'log/bank/3'])
  })
})

describe('a stream with a decode', () => {
  const model = (decode: Decode, more: object = {}) =>
    modelOf({ payments: payments({}, { stream: { topic: 'bank', decode, ...more } }) })
  const sourceOf = (decode: Decode, more: object = {}) => model(decode, more).sources.get('payments')!
  const ids = (source: SourceModel, message = 'x') => source.messages.read(bytes(message)).map(({ id }) => id)

  it('is given bytes, and what the source says of its columns', () => {
    const seen: unknown[] = []
    const decode: Decode = (message, context) => {
      seen.push(Buffer.from(message).toString(), context)
      return null
    }
    expect(ids(sourceOf(decode), 'a;b')).toEqual([])
    expect(seen).toEqual([
      'a;b',
      { id: 'id', time: 'at', version: null, deleted: null, keys: [], columns: ['id', 'at'], times: { at: 'iso' } },
    ])
  })

  it('gives one event, several, or none', () => {
    expect(ids(sourceOf(() => event('a')))).toEqual(['a'])
    expect(ids(sourceOf(() => [event('a'), event('b')]))).toEqual(['a', 'b'])
    expect(ids(sourceOf(() => []))).toEqual([])
    expect(ids(sourceOf(() => null))).toEqual([])
  })

  const promised = (() => Promise.resolve(null)) as unknown as Decode
  const nothing = (() => undefined) as unknown as Decode
  const thrown: Decode = () => {
    throw new RangeError('the third field is cut off')
  }
  it.each<[string, Decode, string, string]>([
    ['it throws', thrown, 'EVENT_DECODE', 'the third field is cut off'],
    ['one of its rows is wrong', () => [event('a'), { at: AT }], 'EVENT_MISSING', 'id is missing'],
    [
      'it answers a promise',
      promised,
      'EVENT_DECODE',
      'the decode of payments answers a promise: return a row, a list of rows, or null',
    ],
    [
      'it answers nothing',
      nothing,
      'EVENT_DECODE',
      'the decode of payments answers nothing: return a row, a list of rows, or null',
    ],
  ])('refuses a message where %s', (_, decode, code, message) => {
    const error = refusal(() => ids(sourceOf(decode)))
    expect([error.code, error.message]).toEqual([code, message])
  })

  it('refuses a message that is sent and holds no event', () => {
    const error = refusal(() => sourceOf(() => null).messages.readSent(bytes('x')))
    expect(error.message).toBe('the message gives payments no event, as its decode says: leave it out')
  })

  it('is asked before the kind, which is that of each row', () => {
    const decode: Decode = (message) => {
      const text = Buffer.from(message).toString()
      if (text === 'bad') throw new Error('bad')
      return text.split(',').map((kind, i) => event(`${kind}${i}`, { kind }))
    }
    const both = shared({ decode })
    const route = topicRouter([...streamedTopics(both.sources.values())][0]![1])
    const shown = (message: string) =>
      route(bytes(message)).map(({ source, events, refusal }) => [source.name, events?.map(({ id }) => id) ?? refusal])
    expect(shown('pay,login,other,pay')).toEqual([
      ['logins', ['login1']],
      ['payments', ['pay0', 'pay3']],
    ])
    expect(shown('other')).toEqual([])
    expect(shown('bad')).toEqual([['logins', 'bad']])
    expect(
      both.sources
        .get('payments')!
        .messages.readSent(bytes('login,pay'))
        .map(({ id }) => id),
    ).toEqual(['pay1'])
    expect(refusal(() => both.sources.get('payments')!.messages.readSent(bytes('login'))).code).toBe('EVENT_KIND')
  })
})
