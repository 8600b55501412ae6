/** What definition files import from the running copy of millrace, wherever they lie. */
const OWN = /^(millrace|zod)(\/|$)/

const IN_PACKAGES = '/node_modules/'

/** Marks the modules of one load of definitions: Node keeps a module by its URL for ever, and takes one of another query for another. */
const LOAD = /(?:[?&]|%3F)load=(\d+)/

/** The URL of a file of definitions in one load of them; 0: the first, which needs no mark. */
export function loadUrl(url: string, load: number): string {
  return load === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}load=${load}`
}

export interface HookOptions {
  /** URL of a file of millrace. */
  readonly own: string
  /** URL of the folder of definitions, with its last slash, or of a configuration file. */
  readonly folder: string
}

interface Context {
  readonly parentURL?: string
}

interface Resolved {
  readonly url: string
  readonly format?: string | null
}

/** What follows in the chain of hooks: it answers at once in the thread itself, and with a promise in Node's loader thread. */
type Next = (specifier: string, context: Context) => Resolved | Promise<Resolved>

export type ResolveHook = (specifier: string, context: Context, next: Next) => Resolved | Promise<Resolved>

/** The module hook for one folder of definitions, or one file. */
export function resolveHook({ own, folder }: HookOptions): ResolveHook {
  const isDefinition = (path: string): boolean =>
    path.startsWith('file:') &&
    !path.includes(IN_PACKAGES) &&
    (path.endsWith('.ts') || (path.startsWith(folder) && path.endsWith('.js')))

  // Definitions are modules, also where no package.json says so; so is TypeScript that they import from elsewhere.
  const asModule = (found: Resolved): Resolved => {
    const path = withoutQuery(found.url)
    if (found.format !== 'commonjs' || !isDefinition(path)) return found
    return { ...found, url: loadUrl(path, loadOf(found.url)), format: 'module' }
  }

  // What definitions import of their project is loaded anew with them; packages, and millrace, are not.
  const ofLoad = (found: Resolved, parent: string | undefined): Resolved => {
    const load = loadOf(parent)
    const isNew = load > 0 && found.url.startsWith('file:') && !found.url.includes(IN_PACKAGES) && !LOAD.test(found.url)
    return isNew ? { ...found, url: loadUrl(found.url, load) } : found
  }

  return (specifier, context, next) => {
    // Packages that definitions use keep the zod that they came with.
    const isOwn = OWN.test(specifier) && context.parentURL?.includes(IN_PACKAGES) !== true
    const found = next(specifier, isOwn ? { ...context, parentURL: own } : context)
    const known = (one: Resolved) => (isOwn ? asModule(one) : ofLoad(asModule(one), context.parentURL))
    return found instanceof Promise ? found.then(known) : known(found)
  }
}

function loadOf(url: string | undefined): number {
  return Number(LOAD.exec(url ?? '')?.[1] ?? 0)
}

/** Without the query that tsx adds (escaped, and once more as it is) to what it takes for CommonJS. */
function withoutQuery(url: string): string {
  return url.split(/[?#]|%3F/, 1)[0]!
}

let hook: ResolveHook

/** Called by Node in its loader thread, where it has no hooks in the thread itself. */
export function initialize(options: HookOptions): void {
  hook = resolveHook(options)
}

export const resolve: ResolveHook = (specifier, context, next) => hook(specifier, context, next)
