// Module hooks for files of definitions. They run in Node's loader thread, which cannot read TypeScript: hence a .js file.

/** What definition files import from the running copy of millrace, wherever they lie. */
const OWN = /^(millrace|zod)(\/|$)/

const IN_PACKAGES = '/node_modules/'

let own = ''
let folder = ''

/** `own`: URL of a file of millrace; `folder`: URL of the folder of definitions, with its last slash. */
export function initialize(data) {
  own = data.own
  folder = data.folder
}

export async function resolve(specifier, context, next) {
  // Packages that definitions use keep the zod that they came with.
  const isOwn = OWN.test(specifier) && !context.parentURL?.includes(IN_PACKAGES)
  const found = await next(specifier, isOwn ? { ...context, parentURL: own } : context)
  // Definitions are modules, also where no package.json says so; so is TypeScript that they import from elsewhere.
  if (found.format !== 'commonjs' || !isDefinition(found.url)) return found
  return { ...found, url: pathOf(found.url), format: 'module' }
}

function isDefinition(url) {
  if (!url.startsWith('file:') || url.includes(IN_PACKAGES)) return false
  const path = pathOf(url)
  return path.endsWith('.ts') || (path.startsWith(folder) && path.endsWith('.js'))
}

/** Without the query that tsx adds (escaped, and once more as it is) to what it takes for CommonJS. */
function pathOf(url) {
  return url.split(/[?#]|%3F/, 1)[0]
}
