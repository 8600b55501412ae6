import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatIsoTime, parseIsoTime } from '../../src/features/iso-time.ts'
import { z } from '../../src/index.ts'

const SEED = 20_261_124

describe('ISO 8601', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['2000-02-29T23:59:59.999Z', Date.UTC(2000, 1, 29, 23, 59, 59, 999)],
    ['2024-05-01T12:30Z', Date.UTC(2024, 4, 1, 12, 30)],
    ['2024-05-01T12:30+05:45', Date.UTC(2024, 4, 1, 6, 45)],
    ['2024-05-01T00:00:00-00:00', Date.UTC(2024, 4, 1)],
    ['2024-05-01T00:00:00.5Z', Date.UTC(2024, 4, 1) + 500],
    ['2024-05-01T00:00:00.999999999999Z', Date.UTC(2024, 4, 1) + 999],
  ])('%s', (text, time_ms) => {
    expect(parseIsoTime(text)).toBe(time_ms)
  })

  it.each([
    '',
    '2024-05-01',
    '2024-05-01T12:30:00',
    '2024-05-01T12:30',
    '2024-05-01 12:30:00Z',
    '2024-05-01t12:30:00z',
    '2024-05-01T12:30:00z',
    '2024-05-01T24:00:00Z',
    '2024-05-01T12:60:00Z',
    '2016-12-31T23:59:60Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-05-00T00:00:00Z',
    '2024-05-01T12:30:00.Z',
    '2024-05-01T12:30:00,5Z',
    '2024-05-01T12:30:00Z ',
    ' 2024-05-01T12:30:00Z',
    '2024-05-01T12:30:00ZZ',
    '2024-05-01T12:30:00+02',
    '2024-05-01T12:30:00+0200',
    '2024-05-01T12:30:00+24:00',
    '2024-05-01T12:30:00+02:60',
    '2024-05-01T12:30:00+02:00Z',
    '+02024-05-01T12:30:00Z',
    '2024-5-01T12:30:00.0Z',
    '2024/05/01T12:30:00Z',
    '٢٠٢٤-05-01T12:30:00Z',
  ])('%j names no instant', (text) => {
    expect(parseIsoTime(text)).toBeNull()
  })

  it('is read as Date reads it', () => {
    const years = fc.integer({ min: Date.UTC(1600, 0), max: Date.UTC(2400, 0) })
    const offset = fc.integer({ min: -1439, max: 1439 })
    fc.assert(
      fc.property(years, offset, (time_ms, offset_min) => {
        const local = new Date(time_ms + offset_min * 60_000).toISOString().slice(0, -1)
        const minutes = Math.abs(offset_min)
        const two = (value: number) => String(Math.trunc(value)).padStart(2, '0')
        const text = `${local}${offset_min < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
        expect(parseIsoTime(text)).toBe(time_ms)
        expect(Date.parse(text)).toBe(time_ms)
      }),
      { seed: SEED, numRuns: 1000 },
    )
  })

  it('takes whatever zod takes, and of what has seconds no more', () => {
    const schema = z.iso.datetime({ offset: true })
    const digits = (length: number) =>
      fc.array(fc.constantFrom(...'0123456789'), { minLength: length, maxLength: length }).map((all) => all.join(''))
    const text = fc
      .tuple(
        digits(2),
        digits(2),
        fc.constantFrom('01', '02', '04', '12', '13', '00'),
        fc.constantFrom('28', '29', '30', '31', '32', '00'),
        digits(2),
        digits(2),
        digits(2),
        fc.constantFrom('', '.0', '.1234567', '.'),
        fc.constantFrom('Z', '+00:00', '-23:59', '+24:00', '', 'z'),
      )
      .map(([c, y, month, day, h, m, s, fraction, zone]) => `${c}${y}-${month}-${day}T${h}:${m}:${s}${fraction}${zone}`)
    fc.assert(
      fc.property(text, (candidate) => {
        expect(parseIsoTime(candidate) !== null).toBe(schema.safeParse(candidate).success)
      }),
      { seed: SEED, numRuns: 3000 },
    )
  })
})

it('is written as Date does, whatever was written before', () => {
  const times = fc.array(
    fc.integer({ min: -62_135_596_800_000, max: 8_640_000_000_000_000 }).map((ms) => Math.trunc(ms)),
  )
  const near = fc.array(fc.integer({ min: -5, max: 5 }).map((n) => Date.UTC(2024, 1, 29) + n))
  fc.assert(
    fc.property(fc.oneof(times, near), (list) => {
      expect(list.map(formatIsoTime)).toEqual(list.map((ms) => new Date(ms).toISOString()))
    }),
    { seed: SEED },
  )
})
