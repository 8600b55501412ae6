import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { killClickHouse } from './breakages/clickhouse.ts'
import { scenario, times } from './scenario.ts'

scenario(
  'ClickHouse away while events stream: values stay ok, and the archive catches up',
  { seed: 71 },
  async (installation) => {
    await installation.open()
    await installation.untilOk()
    installation.judge.stays.on()
    for (let round = 0; round < times(2, 8); round++) {
      await killClickHouse(installation, 4_000)
      await sleep(1_000)
    }
    await installation.untilArchived()
    expect(installation.judge.stays.watched).toBeGreaterThan(50)
    installation.judge.stays.off()
    // What was archived is all there: an emptied Redis is filled from it.
    installation.servers.redis!.cli('flushall')
    await sleep(2_000)
    await installation.fill()
    await installation.untilOk()
  },
)
