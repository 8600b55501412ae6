import { CsvError, parse } from 'csv-parse/sync'
import type { SourceModel } from '../../features/model.ts'
import { CommandError } from '../command-error.ts'
import { type EncodeRecords, RecordError } from './event-chunk.ts'

/** What stands between the cells of CSV, by the name that `--delimiter` takes. */
export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const
export type DelimiterName = keyof typeof DELIMITERS

/** Reads the records of a CSV file (RFC 4180), whose header names columns of the source or of its archive table. */
export interface CsvEncoder {
  readonly encode: EncodeRecords
  /** Names of the header that mean nothing to the source. */
  readonly ignored: readonly string[]
}

/** `header`: the text of the first record. Throws a CommandError where the file cannot be one of the source's events. */
export function csvEncoder(source: SourceModel, header: string, delimiter: string): CsvEncoder {
  const names = headerNames(header, delimiter)
  const columns = columnsOf(source, names)
  const missing = source.columns.filter(({ name, nullable }) => !nullable && !columns.includes(name))
  if (missing.length > 0) {
    const other = Object.entries(DELIMITERS).find(
      ([, cut]) => names.length === 1 && cut !== delimiter && header.includes(cut),
    )
    throw new CommandError(
      'CSV_HEADER',
      `the header of the file lacks the columns ${missing.map(({ name }) => `'${name}'`).join(', ')} of ${source.name}`,
      {
        cure:
          other === undefined
            ? `name them in its first line, which is: ${header.slice(0, 200)}`
            : `its cells are parted by a ${other[0]}: --delimiter ${other[0]}`,
      },
    )
  }
  const { fromText } = source.parser
  return {
    ignored: names.filter((_, i) => columns[i] === null),
    encode(texts) {
      return cellsOf(texts, delimiter).map((cells) => {
        if (cells instanceof RecordError) return cells
        if (cells.length !== names.length) {
          return new RecordError(`it has ${cells.length} cells, and the header ${names.length}`)
        }
        const record: Record<string, string> = Object.create(null)
        for (let i = 0; i < cells.length; i++) {
          const column = columns[i]!
          if (column !== null) record[column] = cells[i]!
        }
        return JSON.stringify(fromText(record))
      })
    },
  }
}

function headerNames(header: string, delimiter: string): string[] {
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

/**
 * The source's column of each cell, or null. A header is taken as a whole for names of the source or for those of the archive
 * table, whichever knows more of it: the same name may mean one column here and another there.
 */
function columnsOf(source: SourceModel, names: readonly string[]): (string | null)[] {
  const ownNames = new Map(source.columns.map(({ name }) => [name, name]))
  const archiveNames = new Map(source.columns.map(({ name, archiveName }) => [archiveName, name]))
  const known = (map: ReadonlyMap<string, string>) => names.filter((name) => map.has(name)).length
  const map = known(archiveNames) > known(ownNames) ? archiveNames : ownNames
  return names.map((name) => map.get(name) ?? null)
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
