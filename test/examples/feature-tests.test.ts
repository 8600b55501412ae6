import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const EXAMPLES = join(ROOT, 'examples/feature-tests')
const GUIDE = readFileSync(join(ROOT, 'docs/guides/testing-features.md'), 'utf8')

// Within the project, so that `millrace/testing` is found.
mkdirSync(join(ROOT, '.tmp'), { recursive: true })
const folder = mkdtempSync(join(ROOT, '.tmp', 'runners-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly output: string
}

function run(...args: string[]): Promise<Ended> {
  // A runner that finds itself within another one reports to that.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_TEST|TEST$)/.test(name)),
  )
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, env })
    let output = ''
    child.stdout.on('data', (text) => (output += text))
    child.stderr.on('data', (text) => (output += text))
    child.on('error', failed)
    child.on('close', (code) => done({ code, output }))
  })
}

const NODE = ['--import', 'tsx', '--test', '--test-reporter=tap']
const runners: Record<string, { readonly imports: string; run(file: string): Promise<Ended> }> = {
  'node:test': { imports: "import { it } from 'node:test'", run: (file) => run(...NODE, file) },
  vitest: {
    imports: "import { it } from 'vitest'",
    run: (file) => run(join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--no-color', file),
  },
}

describe("Node's own runner", () => {
  it('passes the example that is written for it', async () => {
    const file = join(EXAMPLES, 'dormant-account.node.ts')
    const tests = [...readFileSync(file, 'utf8').matchAll(/^ {2}it\(/gm)].length
    const { code, output } = await run(...NODE, file)
    expect(output).toContain(`# pass ${tests}\n`)
    expect(output).toContain('# fail 0\n')
    expect([tests, code]).toEqual([5, 0])
  })
})

describe.each(Object.entries(runners))('%s', (_, { imports, run: runTests }) => {
  const lines = (expected: number) => [
    imports,
    "import { ago, assertVector, build, given } from 'millrace/testing'",
    `import { checkoutRisk } from '${join(ROOT, 'feature-defs/checkout-risk.ts')}'`,
    `import { payments } from '${join(ROOT, 'feature-defs/payments.ts')}'`,
    "const payment = build(payments, { card_id: 'c1' })",
    'const input = { event: payment.scored(), request: { cart_items: 1 } }',
    "const history = given(payments, [payment.ago('24h', { id: 'too-early' }), payment.ago('1h', { id: 'counted' })])",
    `it('counts', () => assertVector(history, checkoutRisk, input, { card_velocity__tx_count_24h: ${expected} }))`,
  ]

  it('passes a test whose vector is as expected', async () => {
    const file = join(folder, `right-${imports.length}.test.ts`)
    writeFileSync(join(folder, 'vitest.config.ts'), "export default { test: { include: ['*.test.ts'] } }")
    writeFileSync(file, lines(2).join('\n'))
    const { code, output } = await runTests(file)
    expect([code, output]).toEqual([0, expect.stringMatching(/# pass 1\n|Tests +1 passed/)])
  })

  it('fails one whose vector is not, with the events behind it', async () => {
    const file = join(folder, `wrong-${imports.length}.test.ts`)
    writeFileSync(join(folder, 'vitest.config.ts'), "export default { test: { include: ['*.test.ts'] } }")
    writeFileSync(file, lines(3).join('\n'))
    const { code, output } = await runTests(file)
    expect(code).toBe(1)
    for (const text of [
      'card_velocity__tx_count_24h: expected 3',
      'card_velocity__tx_count_24h = 2 at 2026-01-15T12:00:00.000Z',
      'window: after 2026-01-14T12:00:00.000Z, up to and with 2026-01-15T12:00:00.000Z',
      '2026-01-15T11:00:00.000Z  counted',
      '2026-01-14T12:00:00.000Z  too-early  (at the very start of the window, which is not in it)',
    ]) {
      expect(output).toContain(text)
    }
  })
})

describe('the guide', () => {
  it('names every example', () => {
    const named = new Set([...GUIDE.matchAll(/examples\/feature-tests\/([a-z.-]+\.ts)/g)].map(([, file]) => file))
    expect([...named].sort()).toEqual(readdirSync(EXAMPLES).sort())
  })

  it('names every function of the kit', async () => {
    const kit = Object.keys(await import('../../src/testing.ts'))
    expect(kit.length).toBeGreaterThan(8)
    expect(kit.filter((name) => !GUIDE.includes(`\`${name}`))).toEqual([])
  })
})
