import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { projectFiles } from '../../src/cli/init/project-files.ts'
import { loadDefinitions } from '../../src/cli/load-definitions.ts'
import { METRICS } from '../../src/cli/metric-table.ts'
import { createApi } from '../../src/serving/http/api.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { checkExpression, RULE_FILE } from './alert-rules.ts'
import { codeBlocks, ROOT } from './code-blocks.ts'
import { judgedBlock } from './judged-blocks.ts'

const folder = join(ROOT, '.tmp', `judged-${process.pid}`)
async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true })
  await writeFile(join(folder, file), text)
}
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('says of the test that expects something else what the page shows', async () => {
  const shown = judgedBlock('failed assertion')
  const files = codeBlocks(shown.page).filter(({ file, line }) => file !== null && line < shown.line)
  for (const { file, text } of files) {
    await write(file!, text.replace('{ card__count_10m: 2 }', '{ card__count_10m: 3 }'))
  }
  const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--reporter', 'json']
  const output = await new Promise<string>((done) => {
    execFile(process.execPath, args, { cwd: ROOT }, (_, stdout) => done(stdout))
  })
  const { testResults } = JSON.parse(output) as {
    testResults: { assertionResults: { failureMessages: string[] }[] }[]
  }
  const failures = testResults.flatMap(({ assertionResults }) => assertionResults.flatMap((one) => one.failureMessages))
  expect(failures).toHaveLength(1)
  expect(failures[0]).toContain(shown.text)
})

it('refuses a request as the page shows', async () => {
  for (const { path, text } of projectFiles({ name: 'a', version: '9.9.9', dependency: '9.9.9', now_ms: 0 })) {
    if (path.startsWith('feature-defs/')) await write(join('project', path), text)
  }
  const { model } = await loadDefinitions(join(folder, 'project/feature-defs'))
  const options = { now: () => 0, clock: 'wall', watermark: () => null } as const
  const vectors = new VectorService({ model: model!, store: new MemoryOnlineStore(), ...options })
  const app = createApi({ model: model!, vectors, append: async () => {}, ready: () => [] })
  const answer = await app.request('/v1/services/checkout_risk', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      event: { id: 'p-1', occurred_at: '2026-11-23T17:00:00Z', card_id: 'c1', merchant_id: 'm1', amount: '1.005' },
    }),
  })
  expect(await answer.json()).toEqual(JSON.parse(judgedBlock('refusal').text))
})

describe('rules of alerts', () => {
  const metrics = Object.values(METRICS)
  const { groups } = RULE_FILE.parse(parse(judgedBlock('alert rules').text, { strict: true, uniqueKeys: true }))
  const rules = groups.flatMap((group) => group.rules)

  it.each(rules.map(({ alert, expr }) => [alert, expr]))('%s is of metrics and labels that are there', (_, expr) => {
    checkExpression(expr, metrics)
  })

  it('each says where to read on', () => {
    const page = readFileSync(join(ROOT, 'docs/operation/alerts.md'), 'utf8')
    expect([...page.matchAll(/^\| (Millrace\w+) \|/gm)].map(([, name]) => name)).toEqual(
      rules.map(({ alert }) => alert),
    )
  })

  it.each([
    ['millrace_nothing_total > 0', "there is no metric 'millrace_nothing_total'"],
    ['sum by (colour) (rate(millrace_gaps_total[5m])) > 0', "there is no label 'colour'"],
    ['sum by (source) (rate(millrace_gaps_total[5m]) > 0', "'>' stands where ')' must"],
    ['rate(millrace_watermark_age_seconds[5m]) > 0', 'millrace_watermark_age_seconds is a gauge'],
    ['rate(millrace_gaps_total) > 0', 'rate is of a range'],
    ['millrace_requests_seconds > 0', "there is no metric 'millrace_requests_seconds'"],
    [
      'histogram_quantile(0.9, sum by (service) (rate(millrace_requests_seconds_bucket[5m]))) > 1',
      'needs the label le',
    ],
    ['millrace_coverage_ok', 'it ends too early'],
    ['millrace_coverage_ok == 0 0', "'0' is too much"],
  ])('%s is refused', (expr, message) => expect(() => checkExpression(expr, metrics)).toThrow(message))
})
