import { describe, expect, it } from 'vitest'
import { formatSeconds, Progress } from '../../src/cli/progress.ts'

function record(terminal: boolean) {
  const written: string[] = []
  const clock = { ms: 0 }
  const progress = new Progress(
    terminal,
    (text) => written.push(text),
    () => clock.ms,
  )
  return { written, clock, progress }
}

describe('without a terminal', () => {
  it('there is a line every two seconds, with the rate and what is left', () => {
    const { written, clock, progress } = record(false)
    for (; clock.ms <= 6_000; clock.ms += 500) {
      progress.update({ fraction: clock.ms / 20_000, done: clock.ms * 10, text: `${clock.ms * 10} events` })
    }
    progress.clear()
    expect(written).toEqual([
      '10% 20000 events, 10,000/s, 18 s left\n',
      '20% 40000 events, 10,000/s, 16 s left\n',
      '30% 60000 events, 10,000/s, 14 s left\n',
    ])
  })

  it('there is none for work that is done sooner', () => {
    const { written, clock, progress } = record(false)
    for (; clock.ms < 2_000; clock.ms += 100) progress.update({ fraction: null, done: 1, text: '' })
    expect(written).toEqual([])
  })

  it('the rate is that of the last seconds', () => {
    const { written, clock, progress } = record(false)
    let done = 0
    for (; clock.ms <= 20_000; clock.ms += 1_000) {
      progress.update({ fraction: null, done, text: 'x' })
      done += clock.ms < 10_000 ? 100 : 10
    }
    expect(written.at(-1)).toBe('x, 10/s\n')
  })
})

describe('on a terminal', () => {
  it('one line moves, ten times a second at most, and is taken away', () => {
    const { written, clock, progress } = record(true)
    for (; clock.ms <= 250; clock.ms += 50) progress.update({ fraction: 0.5, done: clock.ms, text: 'x' })
    progress.note('a note')
    progress.clear()
    expect(written).toEqual([
      '\r\u001b[2K[########........] 50% x',
      '\r\u001b[2K[########........] 50% x, 1,000/s',
      '\r\u001b[2K[########........] 50% x, 1,000/s',
      '\r\u001b[2K',
      'a note\n',
    ])
  })
})

it.each([
  [0.4, '0 s'],
  [59, '59 s'],
  [61, '1 min 1 s'],
  [7_265, '2 h 1 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text)
})
