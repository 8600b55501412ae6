import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'

// node --experimental-vm-modules --import tsx test/package/bare-world.ts <folder of the compiled client> <url of the API>
// Loads the client where there is the language and what every runtime of the web has, and asks by it.

const [folder, url] = process.argv.slice(2) as [string, string]

const context = vm.createContext({
  fetch,
  Headers,
  URL,
  AbortController,
  TextEncoder,
  performance,
  setTimeout,
  clearTimeout,
})
const loaded = new Map<string, vm.SourceTextModule>()

/** The modules of the client import one another as `./name.js`; anything else is a file that is not there. */
function load(specifier: string): vm.SourceTextModule {
  const name = specifier.replace(/^\.\//, '')
  const known = loaded.get(name)
  if (known !== undefined) return known
  const module = new vm.SourceTextModule(readFileSync(join(folder, name), 'utf8'), { context, identifier: name })
  loaded.set(name, module)
  return module
}

const entry = load('./index.js')
await entry.link(load)
await entry.evaluate()

const { createClient } = entry.namespace as typeof import('../../src/client/index.ts')
const answer = await createClient({ url }).get('card_profile', { keys: { card_id: 'c1' } })
const globals = ['process', 'Buffer', 'global', 'require'].filter(
  (name) => vm.runInContext(`typeof ${name}`, context) !== 'undefined',
)
const { card_velocity__spend_24h: spend } = answer.features
process.stdout.write(`${JSON.stringify({ loaded: [...loaded.keys()], globals, spend })}\n`)
