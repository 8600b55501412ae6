import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvEncoder } from '../../src/cli/ingest/csv-encoder.ts'
import { RecordError } from '../../src/cli/ingest/event-chunk.ts'
import { model } from './memory-backend.ts'

const source = model.sources.get('payments')!
const HEADER = 'id,at,card,amount,ok,note'

function encode(header: string, records: readonly string[], delimiter = ','): unknown[] {
  const results = csvEncoder(source, header, delimiter).encode(
    records,
    records.map((_, i) => i + 2),
  )
  return results.map((result) => (result instanceof RecordError ? result.message : JSON.parse(result!)))
}

describe('a record becomes the event that JSON would give', () => {
  it.each<[string, string, string, object]>([
    [
      'plain',
      HEADER,
      'p1,1514764800000,c1,12.34,true,x',
      { id: 'p1', at: 1514764800000, card: 'c1', amount: '12.34', ok: true, note: 'x' },
    ],
    [
      'in another order',
      'card,amount,at,id',
      'c1,5,1514764800000,p1',
      { id: 'p1', at: 1514764800000, card: 'c1', amount: '5' },
    ],
    ['names of the archive', 'id,occurred,cardNo,amount', 'p1,1,c1,5', { id: 'p1', at: 1, card: 'c1', amount: '5' }],
    [
      'columns that nobody knows',
      'x,id,at,card,amount,y',
      '9,p1,1,c1,5,8',
      { id: 'p1', at: 1, card: 'c1', amount: '5' },
    ],
    ['blanks around names', ' id , at,card,amount', 'p1,1,c1,5', { id: 'p1', at: 1, card: 'c1', amount: '5' }],
    [
      'quotes',
      '"id","at","card","amount","ok","note"',
      'p1,1,"c,""1""",5,0,"a\nb"',
      { id: 'p1', at: 1, card: 'c,"1"', amount: '5', ok: false, note: 'a\nb' },
    ],
    ['empty cells', HEADER, 'p1,1,,5,,', { id: 'p1', at: 1, card: '', amount: '5', ok: null, note: '' }],
  ])('%s', (_, header, record, event) => {
    expect(encode(header, [record])).toEqual([event])
  })

  it('by another delimiter', () => {
    expect(encode('id;at;card;amount', ['p1;1;"c;1";5'], ';')).toEqual([{ id: 'p1', at: 1, card: 'c;1', amount: '5' }])
    expect(encode('id\tat\tcard\tamount', ['p1\t1\tc,1\t5'], '\t')).toEqual([
      { id: 'p1', at: 1, card: 'c,1', amount: '5' },
    ])
  })

  it('tells which columns it leaves out', () => {
    expect(csvEncoder(source, 'x,id,at,card,amount,y', ',').unused).toEqual(['x', 'y'])
  })
})

it('refuses records one by one, with the reason', () => {
  const good = (id: string) => ({ id, at: 1, card: 'c', amount: '5' })
  expect(
    encode('id,at,card,amount', [
      'a,1,"c",5',
      'b,1,c',
      'c,1,5" c,5',
      'd,1,c,5',
      'e,1,"c"x,5',
      'f,1,c,5,6',
      'g,1,"c",5',
    ]),
  ).toEqual([
    good('a'),
    'it has 3 cells, and the header 4',
    'a quote stands inside a cell: put the cell in quotes, and double the quote',
    good('d'),
    'text follows a quote that closed: double quotes that are inside a cell',
    'it has 5 cells, and the header 4',
    good('g'),
  ])
})

it('cuts records without quotes as a CSV parser reads them with quotes', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', ' ', '7', 'é', ';'), maxLength: 5 })
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), (rows) => {
      const header = 'id,at,card,amount,note'
      const plain = rows.map(([card, note]) => `p,1,${card},5,${note}`)
      const quoted = rows.map(([card, note]) => `p,1,"${card}",5,"${note}"`)
      expect(encode(header, plain)).toEqual(encode(header, quoted))
    }),
    { seed: 11, numRuns: 100 },
  )
})

describe('a header that cannot be one is refused', () => {
  it.each([
    ['FILE_COLUMNS', 'id,at,card', `the header of the file lacks the columns 'amount' of payments`],
    ['FILE_COLUMNS', 'id;at;card;amount', 'the header of the file has one column, "id;at;card;amount"'],
    ['CSV_HEADER', 'id,at,card,amount,id', `the header of the file names 'id' twice`],
    ['CSV_HEADER', 'id,at,card,amount\r1,2,3,4', 'the lines of the file end with a carriage return alone'],
    [
      'CSV_HEADER',
      'id,at,"card',
      'the first line of the file is no header: it is not CSV: Quote Not Closed: the parsing is finished with an opening quote at line 1',
    ],
  ])('%s: %j', (code, header, message) => {
    expect(() => csvEncoder(source, header, ',')).toThrow(expect.objectContaining({ code, message }))
  })

  it('says what its cells seem to be parted by', () => {
    const cure = 'its cells are parted by a semicolon: --delimiter semicolon'
    expect(() => csvEncoder(source, 'id;at;card;amount', ',')).toThrow(expect.objectContaining({ cure }))
  })
})
