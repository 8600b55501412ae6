import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type ServicesPlace, servicesPlace } from '../../scripts/servers/place.ts'
import { isTaken } from '../../scripts/servers/port.ts'
import { loadDefinitions } from '../../src/cli/load-definitions.ts'
import type { SourceModel } from '../../src/features/model.ts'
import { openClickHouseArchive } from '../../src/stores/archive/http/archive.ts'
import { sourceOrigin } from '../../src/stores/archive-columns.ts'
import type { EventArchive } from '../../src/stores/event-archive.ts'
import { noteSkipped, skippedBelow } from '../../src/stores/skipped-offsets.ts'
import { codeBlocks, ROOT } from '../docs/code-blocks.ts'
import { judgedBlock } from '../docs/judged-blocks.ts'
import { NOT_RUN } from '../docs/not-run.ts'
import { PageSession } from '../docs/page-session.ts'
import { type PageStep, stepsOf, take } from '../docs/page-steps.ts'
import { Projects } from '../docs/projects.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'

const PASSWORD = 'millrace'

/** Within the checkout, where their imports are found. */
const definitions = join(ROOT, '.tmp', `docs-sources-${process.pid}`)

let temporary: Awaited<ReturnType<typeof temporaryFolder>>
let place: ServicesPlace
/** Who has a checkout, and starts servers there. */
let checkout: PageSession
/** Who has a project, and uses them. */
let project: PageSession
const projects = new Projects()

// A set of servers of our own: whoever works here may have the usual one running.
beforeAll(async () => {
  temporary = await temporaryFolder()
  for (let offset = 2_000; ; offset += 10) {
    const env = { MILLRACE_SERVICES_FOLDER: temporary.path, MILLRACE_SERVICES_PORT_OFFSET: String(offset) }
    place = servicesPlace(env)
    if ((await Promise.all(Object.values(place.ports).map(isTaken))).includes(true)) continue
    checkout = new PageSession({ env })
    break
  }
  project = await projects.session('new', { MILLRACE_CLICKHOUSE_PASSWORD: PASSWORD })
})
afterAll(async () => {
  await project?.end()
  await projects.end()
  await checkout?.run('scripts/services stop')
  await checkout?.end()
  await temporary?.remove()
  rmSync(definitions, { recursive: true, force: true })
})

describe('the servers of docs/operation/servers.md', () => {
  it('with Docker are those of docker-compose.yml', () => {
    const { text, page } = judgedBlock('servers by Docker')
    expect(NOT_RUN.reduce((rest, { command }) => rest.replace(command, ''), text).trim()).toBe('')
    const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) as {
      services: Readonly<Record<string, { ports: readonly string[] }>>
    }
    const ports = Object.values(compose.services).flatMap((service) => service.ports)
    const [table] = readFileSync(join(ROOT, page), 'utf8').split('\n`MILLRACE_REDIS_MEMORY`')
    const named = [...table!.matchAll(/127\.0\.0\.1:\d+/g)].map(([address]) => address)
    expect(ports.map((port) => port.replace(/:\d+$/, '')).sort()).toEqual(named.sort())
  })

  it('without Docker are installed and started', async () => {
    const said = await checkout.run(judgedBlock('servers without Docker').text)
    for (const name of ['kafka', 'redis', 'clickhouse'] as const)
      expect(said).toContain(`${name}: started on 127.0.0.1:${place.ports[name]}\n`)
  })
})

describe('millrace over them, by the configuration of docs/operation/running.md and the commands of README.md', () => {
  const [, ...steps] = stepsOf('docs/start/quick-start.md')
  const stepOf = (words: string): PageStep => steps.find(({ block }) => block.text.includes(words))!

  it('starts', async () => {
    const { ports } = place
    const config = codeBlocks('docs/operation/running.md').find(({ file }) => file === 'millrace.config.ts')!
    const local = config.text
      .replace('redis://redis:6379', `redis://127.0.0.1:${ports.redis}`)
      .replace("'kafka-1:9092', 'kafka-2:9092'", `'127.0.0.1:${ports.kafka}'`)
      .replace('http://clickhouse:8123', `http://127.0.0.1:${ports.clickhouse}`)
    await project.write(config.file!, local)
    await project.run(judgedBlock('commands over servers').text)
  })

  it('gives the numbers that the quick start shows', async () => {
    await project.run('npx millrace ingest payments data/payments.ndjson --archive')
    await take(project, stepOf('"{ \\"event\\": $(cat data/payment.json) }"'))
  })

  it('counts what is sent', async () => {
    await take(project, stepOf('/v1/sources/payments/events'))
    const lines = 'npx millrace events card_velocity__tx_count_1h --keys card_id=c1'
    await expect
      .poll(() => project.run(lines), { timeout: 60_000, interval: 500 })
      .toMatch(/^card_velocity__tx_count_1h = 1 /)
  })
})

describe('what accounts for a hole in the archive', () => {
  let archive: EventArchive
  const url = () => `http://127.0.0.1:${place.ports.clickhouse}`

  beforeAll(async () => {
    archive = await openClickHouseArchive({ url: url(), user: 'millrace', password: PASSWORD, database: 'millrace' })
  })
  afterAll(() => archive?.close())

  /** A source as a page defines it. */
  async function sourceOf(page: string, name: string): Promise<SourceModel> {
    const folder = join(definitions, name)
    for (const { file, text } of codeBlocks(page).filter((block) => block.file?.startsWith('feature-defs/'))) {
      mkdirSync(dirname(join(folder, file!)), { recursive: true })
      writeFileSync(join(folder, file!), text)
    }
    return (await loadDefinitions(folder)).model!.sources.get(name)!
  }

  it.each([
    { block: judgedBlock('hole in the archive'), page: 'README.md', sourceName: 'payments' },
    { block: judgedBlock('hole of a shared topic'), page: 'docs/concepts/events.md', sourceName: 'transfers' },
  ])('is what $block.page says, here of $sourceName in $page', async ({ block, page, sourceName }) => {
    const source = await sourceOf(page, sourceName)
    expect(block.text).toContain(`'${sourceOrigin(source, 0)}'`)
    for (const statement of block.text.split(/;.*\n/)) {
      const query = `${url()}/?database=millrace&user=millrace&password=${PASSWORD}`
      const answer = await fetch(query, { method: 'POST', body: statement })
      expect([answer.status, await answer.text()]).toEqual([200, ''])
    }
    const below = (offset: number) => skippedBelow(archive, source, 0, offset)
    expect([await below(228), await below(264), await below(1_000)]).toEqual([0, 36, 36])
    // The table is the one that millrace itself goes on with.
    await noteSkipped(archive, source, 0, [[300, 301]], Date.now())
    expect(await below(1_000)).toBe(37)
  })
})
