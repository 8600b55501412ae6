import * as nodeModule from 'node:module'
import { extname } from 'node:path'
import { register as registerTypeScript } from 'tsx/esm/api'
import { resolveHook } from './definition-hooks.ts'

const { register } = nodeModule

/** Node has it from 22.15 on, and its types for Node 20 do not. */
const { registerHooks } = nodeModule as { readonly registerHooks?: (hooks: object) => unknown }

/** Compiled as this file is, or not. */
const HOOKS = `./definition-hooks${extname(import.meta.filename)}`

let isTypeScriptRegistered = false
const hooked = new Set<string>()

/**
 * From now on TypeScript can be imported, and what it imports from `millrace` and `zod` is this running copy, also where no
 * node_modules is near. `place` is the URL of a folder, with its last slash, or of one file, whose JavaScript are modules.
 */
export function hookTypeScript(place: string): void {
  if (hooked.has(place)) return
  // The command line has registered it already, and a second time does no harm.
  if (!isTypeScriptRegistered) registerTypeScript({ tsconfig: false })
  isTypeScriptRegistered = true
  hooked.add(place)
  const data = { own: import.meta.url, folder: place }
  // The hooks that were registered last come first, of those in the thread itself before the others: ours must see what tsx,
  // which takes the former where there are any, makes of a file.
  if (registerHooks === undefined) register(new URL(HOOKS, import.meta.url), { data })
  else registerHooks({ resolve: resolveHook(data) })
}
