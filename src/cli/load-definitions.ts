import { realpathSync } from 'node:fs'
import { relative, resolve as resolvePath, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { collect, type DefinitionModule, type Definitions } from '../features/collect.ts'
import type { Model } from '../features/model.ts'
import { formatProblem, type Problem } from '../features/problem.ts'
import { resolve } from '../features/resolve.ts'
import { CommandError } from './command-error.ts'
import { definitionFiles } from './definition-files.ts'
import { loadUrl } from './definition-hooks.ts'
import { EXIT } from './exit-code.ts'
import { fileProblem, formatFileProblem, type LoadProblem } from './file-problem.ts'
import { ProblemPlaces } from './problem-place.ts'
import { hookTypeScript } from './typescript-hook.ts'

export interface LoadedDefinitions {
  /** As problems name them. */
  readonly files: readonly string[]
  /** What the files that could be loaded define. */
  readonly definitions: Definitions
  /** Null where a problem is an error. */
  readonly model: Model | null
  readonly problems: readonly LoadProblem[]
  /** Finds the place of a problem of these definitions that somebody else found. */
  locate(problem: Problem): Problem
}

/**
 * Loads every `.ts`, `.mts`, `.js` and `.mjs` file of a folder and its sub-folders, but for tests and `.d.ts`, checks what they
 * define and looks every name up. What they import from `millrace` and `zod` is this running copy, also where no
 * node_modules is near. `load`: the how manieth load it is in this process, from 0; each reads the files anew, and all that they import of their
 * project. Throws a UsageError where the folder holds none.
 */
export async function loadDefinitions(folder: string, load = 0): Promise<LoadedDefinitions> {
  const files = definitionFiles(folder)
  // As the system knows the folder: a link would make two modules of one file.
  const root = realpathSync(folder)
  hookTypeScript(`${pathToFileURL(root).href}/`)
  const show = (path: string): string => {
    const inside = relative(root, path)
    return inside.startsWith('..') ? path : `${folder.replace(/\/$/, '')}/${inside}`
  }
  const isOurs = (path: string): boolean => path.startsWith(root + sep) || !path.startsWith(OWN_ROOT)
  const modules: DefinitionModule[] = []
  const problems = new Map<string, LoadProblem>()
  for (const file of files) {
    const path = resolvePath(root, relative(folder, file))
    try {
      modules.push({
        file,
        exports: (await import(loadUrl(pathToFileURL(path).href, load))) as Record<string, unknown>,
      })
    } catch (error) {
      const problem = fileProblem(path, error, isOurs, show)
      // A file that fails takes with it all that import it: that is told once.
      problems.set(formatFileProblem(problem), problem)
    }
  }
  const definitions = collect(modules)
  const places = new ProblemPlaces({ isOurs, show })
  const locate = (problem: Problem): Problem => places.locate(problem)
  // What is defined in a file that failed would be told as missing: first things first.
  if (problems.size > 0) return { files, definitions, model: null, problems: [...problems.values()], locate }
  const resolved = resolve(definitions)
  return { files, definitions, model: resolved.model, problems: resolved.problems.map(locate), locate }
}

/** The model of a folder of definitions. Throws a CommandError that lists every error. */
export async function loadModel(folder: string, load = 0): Promise<Model> {
  const loaded = await loadDefinitions(folder, load)
  if (loaded.model !== null) return loaded.model
  throw definitionsWrong(loaded.problems)
}

/** The error of definitions that cannot be used. */
export function definitionsWrong(problems: readonly LoadProblem[]): CommandError {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const lines = errors.map((problem) => `  ${formatLoadProblem(problem)}`)
  const count = errors.length === 1 ? 'an error' : `${errors.length} errors`
  return new CommandError('DEFINITION_WRONG', `the definitions have ${count}:\n${lines.join('\n')}`, {
    exitCode: EXIT.definitions,
  })
}

export function formatLoadProblem(problem: LoadProblem): string {
  return 'kind' in problem ? formatProblem(problem) : formatFileProblem(problem)
}

/** The folder of millrace itself: what fails in its code is laid to the definition that called it. */
const OWN_ROOT = resolvePath(import.meta.dirname, '../..') + sep
