import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/reference/client.md')

/** The first cells of a table's rows, where they are names. */
const namesAfter = (heading: string) =>
  [...page.slice(page.indexOf(heading)).matchAll(/^\| `(\w+)(?:\([^)]*\))?` \|/gm)].map(([, name]) => name!)

it('the reference has every code of the client', () => {
  const codes = [...read('src/client/millrace-error.ts').matchAll(/^ {2}\| '([A-Z_]+)'$/gm)].map(([, code]) => code!)
  expect(codes.length).toBeGreaterThan(5)
  expect(
    namesAfter('## Errors')
      .filter((name) => /^[A-Z]/.test(name))
      .sort(),
  ).toEqual(codes.sort())
})

it('the reference has every option, with its default', () => {
  const source = read('src/client/client-options.ts')
  const interfaces = source.slice(0, source.indexOf('const TIMEOUT_MS'))
  const options = [...interfaces.matchAll(/^ {2}readonly (\w+)\??: /gm)].map(([, name]) => name!)
  const documented = namesAfter('## Options').slice(0, namesAfter('## Options').indexOf('code'))
  expect(documented.sort()).toEqual(options.filter((name) => !['error', 'retry', 'wait_ms'].includes(name)).sort())
  const defaults = {
    timeout_ms: 'TIMEOUT_MS',
    deadline_ms: 'DEADLINE_MS',
    retries: 'RETRIES',
    backoff_ms: 'BACKOFF_MS',
  }
  for (const [option, constant] of Object.entries(defaults)) {
    const value = Number(new RegExp(`const ${constant} = ([\\d_]+)`).exec(source)![1]!.replaceAll('_', ''))
    expect(page).toContain(`| \`${option}\` | ${value} |`)
  }
})

it('the reference has every call', () => {
  const calls = [...read('src/client/client.ts').matchAll(/^ {2}(\w+)<N extends/gm)].map(([, name]) => name!)
  const documented = namesAfter('## Calls')
  expect(documented.slice(0, documented.indexOf('timeout_ms')).sort()).toEqual(calls.sort())
})
