import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonFault, jsonFaultText } from '../../src/serving/http/json-fault.ts'

describe('where a text stops being JSON', () => {
  it.each([
    ['', 'line 1, column 1: a value is expected, but there is nothing'],
    ['{', 'line 1, column 2: a name in double quotes is expected, but there is nothing'],
    ['{"a"', `line 1, column 5: ':' is expected, but there is nothing`],
    ['{"a":}', 'line 1, column 6: a value is expected, but there is "}"'],
    ['{"a":1', `line 1, column 7: ',' or '}' is expected, but there is nothing`],
    ['{"a":1,}', 'line 1, column 8: a name in double quotes is expected, but there is "}"'],
    ['{a:1}', 'line 1, column 2: a name in double quotes is expected, but there is "a"'],
    ['[1 2]', `line 1, column 4: ',' or ']' is expected, but there is "2"`],
    ['[1,\n 2,\n 03]', `line 3, column 3: ',' or ']' is expected, but there is "3"`],
    ['[1.]', `line 1, column 3: ',' or ']' is expected, but there is "."`],
    ['nul', 'line 1, column 1: a value is expected, but there is "n"'],
    ['{"a":1}}', 'line 1, column 8: the end is expected, but there is "}"'],
    ["{'a':1}", `line 1, column 2: a name in double quotes is expected, but there is "'"`],
    ['["a\nb"]', `line 1, column 2: a value is expected, but there is "\\""`],
    ['["\\x"]', `line 1, column 2: a value is expected, but there is "\\""`],
  ])('%j', (text, sentence) => {
    expect(jsonFaultText(text)).toBe(sentence)
  })

  it('is found in just the texts that JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\',
      '\\u00e9',
      '1',
      '-',
      '0',
      '.5',
      'e3',
      'true',
      'null',
      ' ',
      '\n',
    )
    const text = fc.oneof(
      fc.json(),
      fc.array(pieces, { maxLength: 8 }).map((all) => all.join('')),
      fc.tuple(fc.json(), fc.nat(), pieces).map(([json, at, piece]) => {
        const cut = at % (json.length + 1)
        return json.slice(0, cut) + piece + json.slice(cut)
      }),
    )
    const refused = (json: string): boolean => {
      try {
        JSON.parse(json)
        return false
      } catch {
        return true
      }
    }
    fc.assert(
      fc.property(text, (json) => {
        expect(jsonFault(json) !== null).toBe(refused(json))
      }),
      { numRuns: 3_000, seed: 5 },
    )
  })
})
