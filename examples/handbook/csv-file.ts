import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'

/**
 * The rows of a CSV file, `.gz` or plain, each with the columns asked for, in that order. The files of this data set hold
 * numbers alone: there are no quotes to mind. Throws an Error that names a column that is not there.
 */
export function* readCsv(path: string, columns: readonly string[]): Generator<string[]> {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1')
  const headerEnd = text.indexOf('\n')
  const header = text.slice(0, headerEnd).trimEnd().split(',')
  const places = columns.map((column) => {
    const place = header.indexOf(column)
    if (place < 0) throw new Error(`${path} has no column ${column}: it has ${header.join(', ')}`)
    return place
  })
  for (let from = headerEnd + 1; from < text.length; ) {
    const found = text.indexOf('\n', from)
    const end = found < 0 ? text.length : found
    const fields = text.slice(from, end).split(',')
    yield places.map((place) => fields[place]!)
    from = end + 1
  }
}

/** Writes such a file, packed where its name ends in `.gz`. */
export function writeCsv(
  path: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const text = `${[columns, ...rows].map((row) => row.join(',')).join('\n')}\n`
  writeFileSync(path, path.endsWith('.gz') ? gzipSync(text) : text)
}
