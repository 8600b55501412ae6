import type { ColumnType } from '../timeline/column-type.ts'
import { readTextFile } from './text-file.ts'
import { UsageError } from './usage-error.ts'

/** Reads a flag whose value is a JSON object, or `@file` for a file that holds one. Throws a UsageError. */
export function objectFlag(flag: string, text: string): Record<string, unknown> {
  const source = text.startsWith('@') ? readText(flag, text.slice(1)) : text
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch (error) {
    throw new UsageError(
      `${flag} is not JSON: ${(error as Error).message}`,
      `write ${flag} '{"name": "value"}', or ${flag} @file.json`,
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new UsageError(
    `${flag}: ${JSON.stringify(value).slice(0, 40)} is no JSON object`,
    `write ${flag} '{"name": "value"}'`,
  )
}

function readText(flag: string, path: string): string {
  try {
    return readTextFile(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(
      code === 'ENOENT' ? `${flag}: there is no file '${path}'` : `${flag}: '${path}' cannot be read: ${message}`,
      `give ${flag} @<file> a JSON file`,
    )
  }
}

/**
 * Reads `--keys card_id=c1,merchant_id=m2`, or a JSON object where a value holds a comma. `types` says which keys are numbers
 * or booleans: on a command line everything is a text. Throws a UsageError.
 */
export function keysFlag(text: string, types: ReadonlyMap<string, ColumnType>): Record<string, unknown> {
  if (text.startsWith('{') || text.startsWith('@')) return objectFlag('--keys', text)
  const keys: Record<string, unknown> = {}
  for (const pair of text.split(',')) {
    const cut = pair.indexOf('=')
    if (cut <= 0) {
      throw new UsageError(`--keys: '${pair}' is not a name and a value`, 'write --keys card_id=c1,merchant_id=m2')
    }
    const name = pair.slice(0, cut).trim()
    if (Object.hasOwn(keys, name)) throw new UsageError(`--keys names '${name}' twice`, 'give each key once')
    keys[name] = keyValue(pair.slice(cut + 1), types.get(name))
  }
  return keys
}

function keyValue(text: string, type: ColumnType | undefined): unknown {
  if (type?.kind === 'int' && /^-?[0-9]+$/.test(text)) return Number(text)
  if (type?.kind === 'bool' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** Reads `--at`: epoch milliseconds as a number, anything else as a text for the API to judge. */
export function atFlag(text: string): number | string {
  return /^-?[0-9]+$/.test(text) ? Number(text) : text
}

/** Reads a whole number that is at least 0. Throws a UsageError. */
export function wholeFlag(flag: string, text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`${flag}: '${text}' is not a whole number`, `write ${flag} 100`)
}
