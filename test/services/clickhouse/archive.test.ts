import { afterAll } from 'vitest'
import { ClickHouseFront } from '../../../scripts/servers/clickhouse-front/front-process.ts'
import { openClickHouseArchive } from '../../../src/stores/archive/http/archive.ts'
import type { ClickHouseOptions } from '../../../src/stores/archive/http/options.ts'
import { eventArchiveContract } from '../../stores/event-archive.contract.ts'
import { temporaryFolder } from '../../stores/temporary-folder.ts'

const account = { user: 'millrace', password: 'pässword: "0"' }

// Not in `default`: chDB's takes a table that it does not know for a file, and `*` in it for a pattern.
async function contract(name: string, options: Partial<ClickHouseOptions>): Promise<void> {
  const folder = await temporaryFolder()
  const front = await ClickHouseFront.start(folder.path, account)
  afterAll(async () => {
    await front.stop()
    await folder.remove()
  })
  eventArchiveContract(name, () => openClickHouseArchive({ url: front.url, ...account, ...options }))
}

await contract('ClickHouse over HTTP', { database: 'plain' })
await contract('ClickHouse over HTTP, gzip both ways', {
  database: 'packed',
  compression: { request: true, response: true },
})
