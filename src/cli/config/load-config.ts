import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fileProblem, formatFileProblem } from '../file-problem.ts'
import { hookTypeScript } from '../typescript-hook.ts'
import { configWrong } from './config-problems.ts'
import type { Environment } from './environment.ts'
import type { LoadedConfig } from './loaded-config.ts'
import { type ConfigFile, resolveConfig } from './resolve-config.ts'

/** Looked for where the command is called. */
export const CONFIG_FILES = ['ts', 'mts', 'js', 'mjs'].map((ending) => `millrace.config.${ending}`)

export interface ConfigPlace {
  /** A configuration file; null: `millrace.config.ts` (or .mts, .js, .mjs) in `cwd`, where there is one. */
  readonly file: string | null
  readonly env: Environment
  readonly cwd: string
}

/**
 * The configuration: what the file says, the environment over it. Throws a CommandError `CONFIG_WRONG` with all that is
 * wrong.
 */
export async function loadConfig({ file, env, cwd }: ConfigPlace): Promise<LoadedConfig> {
  const name = file ?? nameIn(cwd)
  return resolveConfig({ file: name === null ? null : await load(name, cwd), env, cwd })
}

function nameIn(cwd: string): string | null {
  const [name = null, second] = CONFIG_FILES.filter((one) => existsSync(join(cwd, one)))
  if (second === undefined) return name
  throw configWrong([`there are both ${name} and ${second}; keep one of them`])
}

async function load(name: string, cwd: string): Promise<ConfigFile> {
  const given = resolve(cwd, name)
  if (statSync(given, { throwIfNoEntry: false })?.isFile() !== true) {
    throw configWrong([`there is no configuration file '${name}'; give the path of one, or leave it out`])
  }
  // As the system knows it: a link would make two modules of one file.
  const path = realpathSync(given)
  const url = pathToFileURL(path).href
  hookTypeScript(url)
  let exported: Record<string, unknown>
  try {
    exported = (await import(url)) as Record<string, unknown>
  } catch (error) {
    const root = dirname(path) + sep
    const problem = fileProblem(
      path,
      error,
      (one) => one.startsWith(root),
      (one) => (one === path ? name : one),
    )
    const cure = problem.cure.replace('correct the definition: the file could not be loaded', 'correct the file')
    throw configWrong([formatFileProblem({ ...problem, cure })])
  }
  if ('default' in exported) return { name, path, value: exported.default }
  throw configWrong([`${name} exports no configuration; write export default defineConfig({ ... })`])
}
