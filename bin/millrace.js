#!/usr/bin/env -S node --max-semi-space-size=64 --min-semi-space-size=16 --initial-old-space-size=256
// The flags above keep garbage collection out of the way of requests: a big young generation, and an old one that is not
// collected while it is small. They work from the command line only; `node bin/millrace.js` runs without them.

import { existsSync } from 'node:fs'

/** `engines` in package.json says the same, and a test holds the two together. */
const NODE_MIN = [20, 12]

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  process.stderr.write(`millrace needs Node ${NODE_MIN.join('.')} or newer, and this is ${process.versions.node}\n`)
  process.exit(2)
}

// A checkout runs its sources as they are; the package has them compiled, and nothing else.
const source = new URL('../src/cli/main.ts', import.meta.url)
const isCheckout = existsSync(source)
if (isCheckout) {
  const { register } = await import('tsx/esm/api')
  // The tsconfig of the folder that millrace is called in is not about millrace, and may be broken.
  register({ tsconfig: false })
}
const { main } = await import(isCheckout ? source.href : '../dist/cli/main.js')
await main(process.argv.slice(2))
