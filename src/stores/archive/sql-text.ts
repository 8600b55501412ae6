import { ArchiveError } from '../event-archive.ts'

/** A name in backticks: inside them ClickHouse reads backslash escapes, so both characters are escaped. */
export function quoteName(name: string): string {
  if (name === '') throw new ArchiveError('ARCHIVE_REFUSED', 'a table or column of the archive has an empty name')
  return `\`${name.replace(/[\\`]/g, '\\$&')}\``
}

/** A string literal. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

/** Where a table is: the text before the first dot of its name is its database. */
export interface TableAddress {
  readonly database: string
  readonly table: string
  /** Both, quoted. */
  readonly sql: string
}

/** Reads `'payments_auth'` (in `database`) or `'fraud.payments_auth'`. */
export function tableAddress(name: string, database: string): TableAddress {
  const dot = name.indexOf('.')
  const address = dot === -1 ? { database, table: name } : { database: name.slice(0, dot), table: name.slice(dot + 1) }
  if (address.database === '' || address.table === '') {
    throw new ArchiveError(
      'ARCHIVE_REFUSED',
      `'${name}' is no name of an archive table: write it as 'payments_auth' or 'fraud.payments_auth'`,
    )
  }
  return { ...address, sql: `${quoteName(address.database)}.${quoteName(address.table)}` }
}

/** A SETTINGS clause. Settings go with the statement, as a session would keep them for the next one. */
export function settingsClause(settings: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(settings).map(([name, value]) => {
    return `${name} = ${typeof value === 'number' ? value : quoteText(value)}`
  })
  return `SETTINGS ${pairs.join(', ')}`
}
