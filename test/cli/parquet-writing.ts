import { ByteWriter, parquetWrite } from 'hyparquet-writer'

type SchemaElement = NonNullable<Parameters<typeof parquetWrite>[0]['schema']>[number]

/** A column to write: its place in the schema, but for its name, and its values as they are stored. */
export interface WrittenColumn {
  readonly name: string
  readonly element: Omit<SchemaElement, 'name'>
  readonly data: readonly unknown[]
}

export const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
export const INT64 = { type: 'INT64' } as const
export const DOUBLE = { type: 'DOUBLE' } as const
export const BOOLEAN = { type: 'BOOLEAN' } as const

export const decimal = (precision: number, scale: number) =>
  ({ type: 'INT64', converted_type: 'DECIMAL', precision, scale }) as const

export const timestamp = (unit: 'MILLIS' | 'MICROS' | 'NANOS', isAdjustedToUTC = true) =>
  ({ type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit } }) as const

export interface WritingOptions {
  readonly rowGroupSize?: number
  readonly pageSize?: number
  readonly codec?: 'UNCOMPRESSED' | 'SNAPPY'
}

/** A Parquet file of these columns, in small row groups and pages, so that there are many. */
export function parquetBytes(columns: readonly WrittenColumn[], options: WritingOptions = {}): Buffer {
  const writer = new ByteWriter()
  const root: SchemaElement = { name: 'root', num_children: columns.length }
  parquetWrite({
    writer,
    columnData: columns.map(({ name, data }) => ({ name, data: [...data] })),
    schema: [root, ...columns.map(({ name, element }) => ({ repetition_type: 'OPTIONAL' as const, ...element, name }))],
    rowGroupSize: 1_700,
    pageSize: 2_000,
    ...options,
  })
  return Buffer.from(writer.getBuffer())
}
