import { nearestName } from '../../features/nearest-name.ts'
import { FOREIGN_VARIABLES, VARIABLES, type Variable } from './variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Kubernetes sets such for each service of the namespace, under the service's name: MILLRACE_SERVICE_HOST, MILLRACE_API_PORT,
 * MILLRACE_API_PORT_8080_TCP_ADDR.
 */
const SERVICE_LINK = /_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/

/** MILLRACE_API_PORT is such a one where it is `tcp://10.0.0.1:8080`. */
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//

/** What to do about one that has the name of a variable of ours. */
export const SERVICE_LINK_CURE =
  'Kubernetes sets it where there is a service of that name: say enableServiceLinks: false in the pod'

export function isServiceLink(name: string, text: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_ADDRESS.test(text))
}

interface Tree {
  [option: string]: unknown
}

/** What the environment says, in the shape of a configuration file. Values that cannot be read are left as they are. */
export function readEnvironment(env: Environment): { given: Tree; problems: string[] } {
  const problems = unknownVariables(env)
  const given: Tree = {}
  for (const variable of VARIABLES) {
    const text = env[variable.name]
    if (text === undefined || text === '') continue
    const parts = variable.path.split('.')
    const option = parts.pop()!
    let object: Tree | null = given
    for (const part of parts) object = object === null ? null : inner(object, part)
    if (object !== null) object[option] = read(variable, text)
    // Only `kafka.ssl` may be a plain value and an object; what it is else is told already.
    else if (env.MILLRACE_KAFKA_SSL === 'false') {
      problems.push(`${variable.name} is given, and MILLRACE_KAFKA_SSL is false; leave one of them out`)
    }
  }
  return { given, problems }
}

function inner(object: Tree, part: string): Tree | null {
  if (object[part] === undefined || object[part] === true) object[part] = {}
  return typeof object[part] === 'object' ? (object[part] as Tree) : null
}

function read({ as }: Variable, text: string): unknown {
  if (as === 'number') return /^-?\d{1,15}$/.test(text) ? Number(text) : text
  if (as === 'true|false') return text === 'true' ? true : text === 'false' ? false : text
  if (as !== 'list') return text
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function unknownVariables(env: Environment): string[] {
  const names = VARIABLES.map(({ name }) => name)
  const known = new Set([...names, ...FOREIGN_VARIABLES])
  return Object.entries(env)
    .filter(([name, text]) => name.startsWith('MILLRACE_') && !known.has(name) && !isServiceLink(name, text ?? ''))
    .map(([name]) => name)
    .sort()
    .map((name) => `${name} is not known; ${cureOf(name, names)}`)
}

function cureOf(typed: string, names: readonly string[]): string {
  const near = nearestName(typed, names)
  if (near !== null) return `did you mean ${near}?`
  const [, group] = typed.split('_')
  const like = names.filter((name) => name.split('_')[1] === group)
  return like.length === 0 ? 'leave it out' : `there are ${like.join(', ')}`
}
