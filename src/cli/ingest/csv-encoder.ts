import { CsvError, parse } from 'csv-parse/sync'
import type { SourceModel } from '../../features/model.ts'
import { CommandError } from '../command-error.ts'
import { type ColumnMapping, findColumns, kindOf, NO_MAPPING } from './column-mapping.ts'
import { type EncodeRecords, RecordError } from './event-chunk.ts'

/** What stands between the cells of CSV, by the name that `--delimiter` takes. */
export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const
export type DelimiterName = keyof typeof DELIMITERS

/** Reads the records of a CSV file (RFC 4180), whose header names columns of the source or of its archive table, or others by a mapping. */
export interface CsvEncoder {
  readonly encode: EncodeRecords
  /** Names of the header that nothing is read from. */
  readonly unused: readonly string[]
}

/** `header`: the text of the first record. Throws a CommandError where the file cannot be one of the source's events. */
export function csvEncoder(
  source: SourceModel,
  header: string,
  delimiter: string,
  mapping: ColumnMapping = NO_MAPPING,
): CsvEncoder {
  const names = headerNames(header, delimiter)
  const other = otherDelimiter(names, delimiter)
  if (other !== null && !isColumn(source, mapping, names[0]!)) {
    throw new CommandError('FILE_COLUMNS', `the header of the file has one column, ${JSON.stringify(names[0])}`, {
      cure: `its cells are parted by a ${other}: --delimiter ${other}`,
    })
  }
  const { names: found, unused, kind, constants } = findColumns('the header of the file', source, mapping, names)
  const columns = [...found].map(([column, name]) => ({ column, cell: names.indexOf(name) }))
  const { fromText } = source.rawParser
  return {
    unused,
    encode(texts) {
      return cellsOf(texts, delimiter).map((cells) => {
        if (cells instanceof RecordError) return cells
        if (cells.length !== names.length) {
          return new RecordError(`it has ${cells.length} cells, and the header ${names.length}`)
        }
        const record: Record<string, string> = Object.create(null)
        for (const { column, cell } of columns) record[column] = cells[cell]!
        const event = Object.assign(fromText(record), constants)
        if (kind !== null) event[source.where!.field] = kindOf(source, cells[names.indexOf(kind)]!)
        return JSON.stringify(event)
      })
    },
  }
}

/** What a header of one cell seems to be parted by. */
function otherDelimiter(names: readonly string[], delimiter: string): string | null {
  if (names.length !== 1) return null
  return Object.entries(DELIMITERS).find(([, cut]) => cut !== delimiter && names[0]!.includes(cut))?.[0] ?? null
}

function isColumn(source: SourceModel, mapping: ColumnMapping, name: string): boolean {
  const own = source.raw.some((column) => column.name === name || column.archiveName === name)
  return own || [...mapping.names.values()].includes(name)
}

function headerNames(header: string, delimiter: string): string[] {
  // All of such a file is one line; a name in quotes may hold whatever it likes.
  if (header.replace(/"[^"]*"/g, '').includes('\r')) {
    throw new CommandError('CSV_HEADER', 'the lines of the file end with a carriage return alone', {
      cure: "end them with a line feed, as with tr '\\r' '\\n'",
    })
  }
  const [cells] = cellsOf([header], delimiter)
  if (cells === undefined || cells instanceof RecordError) {
    throw new CommandError('CSV_HEADER', `the first line of the file is no header: ${cells?.message ?? 'it is empty'}`)
  }
  const names = cells.map((cell) => cell.trim())
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i)
  if (twice === undefined) return names
  throw new CommandError('CSV_HEADER', `the header of the file names '${twice}' twice`, {
    cure: 'name each column once',
  })
}

type Cells = readonly string[]

/** The cells of each record. */
function cellsOf(texts: readonly string[], delimiter: string): readonly (Cells | RecordError)[] {
  // Without quotes there is nothing to it but cutting, at thirty times the speed; a test holds the two equal.
  const cells: (Cells | RecordError)[] = texts.map((text) => text.split(delimiter))
  const quoted = [...texts.keys()].filter((i) => texts[i]!.includes('"'))
  const parsed = quotedCells(
    quoted.map((i) => texts[i]!),
    delimiter,
  )
  for (const [at, i] of quoted.entries()) cells[i] = parsed[at]!
  return cells
}

function quotedCells(texts: readonly string[], delimiter: string): readonly (Cells | RecordError)[] {
  if (texts.length === 0) return []
  try {
    const records = parse(texts.join('\n'), { delimiter, record_delimiter: '\n', relax_column_count: true })
    if (records.length === texts.length) return records
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    if (texts.length === 1) return [new RecordError(csvReason(error))]
  }
  // One record that is wrong spoils those around it: it is looked for by halves.
  const half = texts.length >> 1
  return half === 0
    ? [new RecordError('its quotes do not fit')]
    : [...quotedCells(texts.slice(0, half), delimiter), ...quotedCells(texts.slice(half), delimiter)]
}

function csvReason({ code, message }: CsvError): string {
  switch (code) {
    case 'INVALID_OPENING_QUOTE':
      return 'a quote stands inside a cell: put the cell in quotes, and double the quote'
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'text follows a quote that closed: double quotes that are inside a cell'
    default:
      return `it is not CSV: ${message}`
  }
}
