import { EventError } from '../../features/event-error.ts'
import type { SourceModel } from '../../features/model.ts'
import { namesCure } from '../../features/nearest-name.ts'
import { readTextFile } from '../text-file.ts'
import { UsageError } from '../usage-error.ts'
import { type ColumnMapping, kindField, kindOf } from './column-mapping.ts'

export interface MappingFlags {
  /** `card_id=cardNo,amount=TX_AMT`, each as often as wanted. */
  readonly map: readonly string[]
  /** A JSON file, `{"card_id": "cardNo"}`. */
  readonly mapFile: string | null
  /** `currency=EUR`. */
  readonly set: readonly string[]
}

/** Reads what the command line says about names. Throws a UsageError where it names a column that the source lacks, or one twice. */
export function readMapping(source: SourceModel, flags: MappingFlags): ColumnMapping {
  // The field that tells kinds of a topic apart may be given too, where it is no column.
  const field = kindField(source)
  const columns = [...source.raw.map(({ name }) => name), ...(field === null ? [] : [field])]
  const taken = new Map<string, string>()
  const take = (flag: string, column: string): void => {
    if (!columns.includes(column) && source.columns.some(({ name }) => name === column)) {
      throw new UsageError(
        `${flag}: '${column}' is a computed column of ${source.name}`,
        'leave it out: no file has it',
      )
    }
    if (!columns.includes(column)) {
      throw new UsageError(`${flag}: ${source.name} has no column '${column}'`, namesCure(column, columns))
    }
    const before = taken.get(column)
    if (before !== undefined) {
      const twice = before === flag ? `${flag} names '${column}' twice` : `${before} and ${flag} both name '${column}'`
      throw new UsageError(twice, 'give each column once')
    }
    taken.set(column, flag)
  }
  const names = new Map<string, string>()
  for (const [column, name] of flags.map.flatMap((text) => pairs('--map', text, 'card_id=cardNo'))) {
    take('--map', column)
    names.set(column, name)
  }
  for (const [column, name] of flags.mapFile === null ? [] : mapFile(flags.mapFile)) {
    take('--map-file', column)
    names.set(column, name)
  }
  const texts: Record<string, string> = {}
  for (const [column, text] of flags.set.flatMap((one) => pairs('--set', one, 'currency=EUR'))) {
    take('--set', column)
    texts[column] = text
  }
  const kind = field === null ? undefined : texts[field]
  const constants = {
    ...source.rawParser.fromText(texts),
    ...(kind === undefined ? {} : { [field!]: kindOf(source, kind) }),
  }
  checkConstants(source, constants)
  return { names, constants }
}

/** A comma parts two pairs only where another name and `=` follow: `--set note=a, b` has one value. */
const NEXT_PAIR = /,(?=\s*[A-Za-z_]\w*=)/

function pairs(flag: string, text: string, example: string): [string, string][] {
  return text.split(NEXT_PAIR).map((pair) => {
    const cut = pair.indexOf('=')
    if (cut <= 0 || cut === pair.length - 1) {
      throw new UsageError(`${flag}: '${pair}' is not a column and what stands for it`, `write ${flag} ${example}`)
    }
    return [pair.slice(0, cut).trim(), pair.slice(cut + 1)]
  })
}

function mapFile(path: string): [string, string][] {
  const cure = 'give a JSON file of columns and their names in the file, as {"card_id": "cardNo"}'
  let value: unknown
  try {
    value = JSON.parse(readTextFile(path))
  } catch (error) {
    throw new UsageError(`--map-file: '${path}' cannot be read: ${(error as Error).message}`, cure)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`--map-file: '${path}' holds no JSON object`, cure)
  }
  return Object.entries(value).map(([column, name]) => {
    if (typeof name === 'string' && name !== '') return [column, name]
    throw new UsageError(`--map-file: '${column}' is ${JSON.stringify(name)}, which is no name`, cure)
  })
}

/** A constant that the source refuses would be told for every row. */
function checkConstants(source: SourceModel, constants: Readonly<Record<string, unknown>>): void {
  if (Object.keys(constants).length === 0) return
  try {
    source.rawParser.parse(constants)
  } catch (error) {
    if (!(error instanceof EventError)) throw error
    const problem = error.problems.find(({ column }) => column !== null && Object.hasOwn(constants, column))
    if (problem !== undefined) throw new UsageError(`--set: ${problem.message}`)
  }
}
