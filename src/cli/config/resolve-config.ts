import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import { type Given, SERVERS, togetherProblems } from './check-together.ts'
import { configWrong, schemaProblems } from './config-problems.ts'
import { CONFIG, type GivenConfig } from './config-schema.ts'
import { type Environment, isServiceLink, readEnvironment, SERVICE_LINK_CURE } from './environment.ts'
import type { LoadedConfig } from './loaded-config.ts'
import { readPemFiles } from './pem-files.ts'
import { VARIABLES, type Variable, variableAt } from './variables.ts'
import { withDefaults } from './with-defaults.ts'

/** A configuration file that was loaded. */
export interface ConfigFile {
  /** As messages name it. */
  readonly name: string
  readonly path: string
  /** What it exports. */
  readonly value: unknown
}

export interface ConfigOrigins {
  readonly file: ConfigFile | null
  readonly env: Environment
  readonly cwd: string
}

/**
 * Puts a file, the environment over it and defaults below it together. Throws a CommandError `CONFIG_WRONG` with everything
 * that is wrong.
 */
export function resolveConfig({ file, env, cwd }: ConfigOrigins): LoadedConfig {
  const environment = readEnvironment(env)
  const inFile = (path: string): string => (file === null ? path : `${file.name}${path === '' ? '' : `: ${path}`}`)
  const inEnv = (path: string): string => variableAt(path)?.name ?? path
  const fromFile = parse(file === null ? {} : file.value, file === null ? cwd : dirname(file.path), inFile)
  const fromEnv = parse(environment.given, cwd, inEnv)
  const config = merge(fromFile.config, fromEnv.config) as GivenConfig
  const given: Given = {
    has: (path) => [file?.value, environment.given].some((value) => at(value, path.split('.')) !== undefined),
    where: (path) => variableIn(env, path) ?? inFile(path),
    howToGive: (path) => `set ${inEnv(path)}${file === null ? '' : `, or give ${path} in ${file.name}`}`,
  }
  const problems = [
    ...environment.problems,
    ...fromEnv.problems.map((problem) => withLinkCure(problem, env)),
    ...fromFile.problems,
    ...togetherProblems(config, given),
  ]
  if (problems.length > 0) throw configWrong(problems)
  const defs = fromEnv.config.defs ?? fileDefs(fromFile.config, file, cwd)
  return withDefaults(config, { file: file?.name ?? null, defs, servers: SERVERS.every(given.has) })
}

/** The variable that gives an option, or something of it; null where the environment does not. */
function variableIn(env: Environment, path: string): string | null {
  const isGiven = ({ name }: Variable): boolean => env[name] !== undefined && env[name] !== ''
  const found = VARIABLES.find((one) => (one.path === path || one.path.startsWith(`${path}.`)) && isGiven(one))
  return found?.name ?? null
}

function withLinkCure(problem: string, env: Environment): string {
  const name = problem.split(':', 1)[0]!
  return isServiceLink(name, env[name] ?? '') ? `${problem}; ${SERVICE_LINK_CURE}` : problem
}

interface Parsed {
  readonly config: GivenConfig
  readonly problems: readonly string[]
}

/** What is right, which is looked at further so that all problems are told at once, and sentences of what is not. */
function parse(value: unknown, folder: string, where: (path: string) => string): Parsed {
  let result = CONFIG.safeParse(value)
  const problems: string[] = []
  if (!result.success) {
    problems.push(...schemaProblems(result.error, value, where))
    result = CONFIG.safeParse(without(value, result.error.issues))
  }
  const config = result.data ?? {}
  const tls = {
    'redis.tls': config.redis?.tls,
    'kafka.ssl': config.kafka?.ssl,
    'clickhouse.tls': config.clickhouse?.tls,
  }
  for (const [path, pems] of Object.entries(tls)) if (pems) problems.push(...readPemFiles(pems, path, folder, where))
  return { config, problems }
}

type Tree = Record<PropertyKey, unknown>

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A copy without the options that are wrong or not known. */
function without(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = copied(value)
  for (const issue of issues) {
    // A list of which one is wrong is left out whole.
    const inList = issue.path.findIndex((part) => typeof part === 'number')
    const path = inList < 0 ? issue.path : issue.path.slice(0, inList)
    const parts = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
    for (const part of parts) {
      const object = at(copy, part.slice(0, -1))
      if (part.length === 0) return {}
      if (isTree(object)) delete object[part.at(-1)!]
    }
  }
  return copy
}

function copied(value: unknown): unknown {
  return isTree(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copied(one)])) : value
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((object, part) => (isTree(object) ? object[part] : undefined), value)
}

/** The environment over the file, option by option. */
function merge(file: unknown, env: unknown): unknown {
  if (!isTree(file) || !isTree(env)) return env === undefined ? file : env
  const names = new Set([...Object.keys(file), ...Object.keys(env)])
  return Object.fromEntries([...names].map((name) => [name, merge(file[name], env[name])]))
}

/** A folder that the file names is seen from the file. */
function fileDefs({ defs }: GivenConfig, file: ConfigFile | null, cwd: string): string | undefined {
  if (defs === undefined || file === null || dirname(file.path) === resolve(cwd)) return defs
  return resolve(dirname(file.path), defs)
}
