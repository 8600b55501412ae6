import { closeSync, openSync } from 'node:fs'
import type { SourceColumn, SourceModel, SourceWhere } from '../../features/model.ts'
import { type ColumnType, STRING_BYTES_MAX } from '../../timeline/column-type.ts'
import { CommandError } from '../command-error.ts'
import { type ColumnMapping, findColumns } from './column-mapping.ts'
import { type CellFault, type CellReader, cellReader, isUnfit } from './parquet-cell.ts'
import { fieldOf } from './parquet-field.ts'
import type { ParquetColumn, ParquetFile, RowGroup } from './parquet-file.ts'
import { ColumnPages } from './parquet-pages.ts'
import { type Position, RECORD_BYTES_MAX, type RecordBlock, type Refusal } from './record-splitter.ts'

/** Reads the rows of a Parquet file as events of a source. */
export interface ParquetRows {
  /** Names of the file that nothing is read from. */
  readonly unused: readonly string[]
  /**
   * The rows from a place on, as lines of JSON: the line of a row is its number in the file, from 1, and places count the bytes
   * of this JSON. Blocks have about so many bytes. The signal ends it early.
   */
  blocks(from: Position, portion_bytes: number, signal: AbortSignal): AsyncGenerator<RecordBlock>
}

interface Field {
  /** The beginning of a field in a line of JSON: `,"name":`. */
  readonly key: string
  readonly column: ParquetColumn
  readonly read: CellReader
}

/** How often others get their turn while rows are read. */
const ROWS_AT_ONCE = 4_096

/** How much is kept of a text that is refused for its length. */
const SHOWN_CHARACTERS = 4_096

/** Throws a CommandError where the columns of the file cannot be those of the source. */
export function parquetRows(
  file: ParquetFile,
  source: SourceModel,
  mapping: ColumnMapping,
  assumeUtc: boolean,
): ParquetRows {
  const names = file.columns.map(({ name }) => name)
  const { names: found, unused, kind, constants } = findColumns(file.path, source, mapping, names)
  const fields: Field[] = []
  const unfit: { why: string; cure: string }[] = []
  const kinds = kind === null ? null : kindColumn(source.where!)
  for (const column of kinds === null ? source.raw : [...source.raw, kinds]) {
    const name = column === kinds ? kind! : found.get(column.name)
    if (name === undefined) continue
    const [inFile, second] = file.columns.filter((one) => one.name === name)
    const shown = name === column.name ? `'${name}'` : `'${name}' (${column.name} of ${source.name})`
    if (inFile!.nested || second !== undefined) {
      const why = second === undefined ? 'is nested, and only plain columns are read' : 'is there twice'
      unfit.push({ why: `${shown} ${why}`, cure: 'write it as a column of its own, of one value a row' })
      continue
    }
    const read = cellReader(fieldOf(inFile!.path.at(-1)!.element), column, assumeUtc)
    if (isUnfit(read)) unfit.push({ why: `${shown} ${read.why}`, cure: read.cure })
    else {
      const cell = column === kinds ? kindCell(source, read) : read
      fields.push({ key: `,${JSON.stringify(column.name)}:`, column: inFile!, read: cell })
    }
  }
  if (unfit.length > 0) {
    throw new CommandError('FILE_COLUMNS', `${file.path}: the column ${unfit.map(({ why }) => why).join('; ')}`, {
      cure: [...new Set(unfit.map(({ cure }) => cure))].join('; '),
    })
  }
  const constant = Object.entries(constants)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join('')
  return {
    unused,
    blocks: (from, portion_bytes, signal) => blocksOf(file, fields, constant, from, portion_bytes, signal),
  }
}

/** The field that says of which kind a row is, as a column. */
function kindColumn({ field, values }: SourceWhere): SourceColumn {
  const all = (type: string) => values.every((value) => typeof value === type)
  const type: ColumnType = all('number')
    ? { kind: 'double' }
    : all('boolean')
      ? { kind: 'bool' }
      : { kind: 'string', bytesMax: STRING_BYTES_MAX }
  return { name: field, archiveName: field, nullable: true, type }
}

/** Texts that name a kind which is none are read as it, as in CSV. */
function kindCell(source: SourceModel, read: CellReader): CellReader {
  const known = new Map(source.where!.values.map((value) => [JSON.stringify(String(value)), JSON.stringify(value)]))
  return (value) => {
    const cell = read(value)
    return typeof cell === 'string' ? (known.get(cell) ?? cell) : cell
  }
}

async function* blocksOf(
  file: ParquetFile,
  fields: readonly Field[],
  constants: string,
  from: Position,
  portion_bytes: number,
  signal: AbortSignal,
): AsyncGenerator<RecordBlock> {
  const descriptor = openSync(file.path, 'r')
  try {
    let at = from
    let builder = new RowBlock(at)
    for (const group of file.groups) {
      const done = Math.max(0, Math.min(group.rows, at.line + builder.rows - group.before))
      if (done === group.rows) continue
      const cursors = openGroup(descriptor, file, group, fields, done)
      for (let row = done; row < group.rows; row++) {
        if (row % ROWS_AT_ONCE === 0) {
          await new Promise(setImmediate)
          if (signal.aborted) return
        }
        addRow(builder, fields, cursors, constants)
        if (builder.characters < portion_bytes) continue
        const block = builder.finish()
        yield block
        at = block.end
        builder = new RowBlock(at)
      }
    }
    if (builder.rows > 0) yield builder.finish()
  } finally {
    closeSync(descriptor)
  }
}

type Cursor = ColumnPages<string | CellFault>

function openGroup(
  descriptor: number,
  file: ParquetFile,
  group: RowGroup,
  fields: readonly Field[],
  done: number,
): Cursor[] {
  return fields.map(({ column, read }) => {
    const pages = new ColumnPages(descriptor, file.path, file.bytes, group, column, read, 'null')
    pages.skip(done)
    return pages
  })
}

function addRow(block: RowBlock, fields: readonly Field[], cursors: readonly Cursor[], constants: string): void {
  let text = ''
  let faults: CellFault[] | null = null
  for (let i = 0; i < fields.length; i++) {
    const cell = cursors[i]!.next()
    if (typeof cell === 'string') text += fields[i]!.key + cell
    else {
      text += fields[i]!.key + cell.shown
      faults ??= []
      faults.push(cell)
    }
  }
  const line = `{${`${text}${constants}`.slice(1)}}`
  if (faults !== null) block.refuse(faults.map(({ reason }) => reason).join('; '), line)
  else if (line.length > RECORD_BYTES_MAX) block.refuse(`the row has more than ${RECORD_BYTES_MAX} bytes`, line)
  else block.add(line)
}

/** Rows on their way to be a block of records. */
class RowBlock {
  readonly #at: Position
  readonly #texts: string[] = []
  readonly #lines: number[] = []
  readonly #refused: Refusal[] = []
  characters = 0
  rows = 0

  constructor(at: Position) {
    this.#at = at
  }

  add(text: string): void {
    this.rows++
    this.#texts.push(text)
    this.#lines.push(this.#at.line + this.rows)
    this.characters += text.length + 1
  }

  refuse(reason: string, text: string): void {
    this.rows++
    this.#refused.push({ line: this.#at.line + this.rows, reason, text: text.slice(0, SHOWN_CHARACTERS) })
    // It fills the memory as others do.
    this.characters += Math.min(text.length, SHOWN_CHARACTERS)
  }

  finish(): RecordBlock {
    const bytes = Buffer.from(`${this.#texts.join('\n')}\n`)
    const starts: number[] = []
    const ends: number[] = []
    let start = 0
    for (const _ of this.#texts) {
      const end = bytes.indexOf(10, start)
      starts.push(start)
      ends.push(end)
      start = end + 1
    }
    const { line, bytes: before } = this.#at
    const end = { bytes: before + bytes.length, line: line + this.rows }
    return { bytes, starts, ends, lines: this.#lines, refused: this.#refused, at: this.#at, end }
  }
}
