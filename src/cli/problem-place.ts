import { readFileSync } from 'node:fs'
import type { Problem } from '../features/problem.ts'
import { isAggregate, isWindowed } from '../timeline/aggregate.ts'
import { writtenStack } from '../timeline/written-at.ts'
import { optionPlace } from './option-place.ts'
import { type Place, placesIn } from './stack-place.ts'

export interface PlaceOptions {
  /** Files of the user, by their paths. */
  readonly isOurs: (path: string) => boolean
  /** A path as problems name it. */
  readonly show: (path: string) => string
}

/**
 * Finds where in the files the problems of definitions are: the line of the option, as that of one feature, else of the definition.
 * It reads each file once.
 */
export class ProblemPlaces {
  readonly #options: PlaceOptions
  readonly #texts = new Map<string, string | null>()
  /** By definition, as many problems may be of one: stacks become texts slowly. */
  readonly #written = new Map<object, Place | null>()

  constructor(options: PlaceOptions) {
    this.#options = options
  }

  /** The problem with its place, where it can be found; else as it is. */
  locate(problem: Problem): Problem {
    const { data, option } = problem.part
    const place = this.#place(data, option, problem.file)
    if (place === null) return problem
    return { ...problem, file: this.#options.show(place.path), line: place.line, column: place.column }
  }

  #place(data: Problem['part']['data'], option: readonly string[], file: string): Place | null {
    const place = this.#writtenAt(data, file)
    if (place === null || option.length === 0) return place
    const found = this.#inText(place, option)
    if (found !== null && found.depth === option.length) return found
    // A feature that is made elsewhere, as by a function of the user's, is known by its own call.
    const feature = data.kind === 'group' && option[0] === 'features' ? data.features[option[1] ?? ''] : undefined
    const made = isWindowed(feature) || isAggregate(feature) ? this.#writtenAt(feature, file) : null
    return made ?? found ?? place
  }

  #inText(place: Place, option: readonly string[]): (Place & { readonly depth: number }) | null {
    const text = this.#text(place.path)
    if (text === null || place.column === null) return null
    const found = optionPlace(text, offsetOf(text, place.line, place.column), option)
    return found && { path: place.path, ...positionOf(text, found.offset), depth: found.depth }
  }

  /** The innermost call in the file that exports the definition, else in any file of the user's. */
  #writtenAt(made: object, file: string): Place | null {
    const known = this.#written.get(made)
    if (known !== undefined) return known
    const { isOurs, show } = this.#options
    const places = placesIn(writtenStack(made) ?? '').filter(({ path }) => isOurs(path))
    const place = places.find(({ path }) => show(path) === file) ?? places[0] ?? null
    this.#written.set(made, place)
    return place
  }

  #text(path: string): string | null {
    const known = this.#texts.get(path)
    if (known !== undefined) return known
    const text = textOf(path)
    this.#texts.set(path, text)
    return text
  }
}

/** The line of a file, to be shown; null where it is not there. */
export function lineOf(path: string, line: number): string | null {
  return textOf(path)?.split('\n')[line - 1]?.replace(/\r$/, '') ?? null
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function offsetOf(text: string, line: number, column: number): number {
  let offset = 0
  for (let i = 1; i < line; i++) {
    const end = text.indexOf('\n', offset)
    if (end < 0) break
    offset = end + 1
  }
  return offset + column - 1
}

function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
