import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A Lua script of one key, which every connection loads before anything else. */
export interface Script {
  readonly text: string
  readonly sha: string
}

export const SWAP = script('swap-1')
export const KEEP_UNTIL = script('keep-until-1')
export const PUT_DOCUMENT = script('put-document-1')
export const REMOVE_DOCUMENT = script('remove-document-1')
export const MOVE_MARKS = script('move-marks-1')
export const ADOPT_MARKS = script('adopt-marks-1')
export const REMOVE_MARKS = script('remove-marks-1')

export const SCRIPTS: readonly Script[] = [
  SWAP,
  KEEP_UNTIL,
  PUT_DOCUMENT,
  REMOVE_DOCUMENT,
  MOVE_MARKS,
  ADOPT_MARKS,
  REMOVE_MARKS,
]

function script(name: string): Script {
  const text = readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
  return { text, sha: sha1(text) }
}

/** In hexadecimal, as scripts call it: the only digest that Redis has. */
export function sha1(bytes: string | Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex')
}
