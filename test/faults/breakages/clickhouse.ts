import { setTimeout as sleep } from 'node:timers/promises'
import { logOrigin } from '../../../src/stores/archive-columns.ts'
import type { Installation } from '../installation.ts'
import { DATABASE, type Servers } from '../servers.ts'
import { TABLE, TOPIC } from '../world/world.ts'

const ROWS = `${DATABASE}.${TABLE}`
const KEPT = `${DATABASE}.kept_aside`

/** ClickHouse is killed, and comes back. */
export async function killClickHouse({ servers }: Installation, away_ms: number): Promise<void> {
  await servers.clickhouse.signal('SIGKILL')
  await sleep(away_ms)
  await servers.clickhouse.start()
}

/** Takes away the rows of so many offsets of a partition; answers how many offsets that is. */
export async function deleteArchived({ clickhouse }: Servers, partition: number, count: number): Promise<number> {
  const origin = `_origin = '${logOrigin(TOPIC, partition)}'`
  const chosen = `${origin} AND _sequence IN (SELECT DISTINCT _sequence FROM ${ROWS} WHERE ${origin} ORDER BY _sequence LIMIT ${count} OFFSET 3)`
  await clickhouse.ask(
    `CREATE TABLE ${KEPT} ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM ${ROWS} WHERE ${chosen}`,
  )
  await clickhouse.ask(
    `ALTER TABLE ${ROWS} DELETE WHERE ${origin} AND _sequence IN (SELECT _sequence FROM ${KEPT}) SETTINGS mutations_sync = 2`,
  )
  return Number(await clickhouse.ask(`SELECT uniqExact(_sequence) FROM ${KEPT}`))
}

/** Puts back what {@link deleteArchived} took. */
export async function restoreArchived({ clickhouse }: Servers): Promise<void> {
  await clickhouse.ask(`INSERT INTO ${ROWS} SELECT * FROM ${KEPT}`)
  await clickhouse.ask(`DROP TABLE ${KEPT}`)
}
