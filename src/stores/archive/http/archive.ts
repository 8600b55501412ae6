import { ArchiveError, type EventArchive } from '../../event-archive.ts'
import { ClickHouseArchive } from '../clickhouse.ts'
import { archiveError } from '../clickhouse-link.ts'
import { nativeBlocks } from '../native-format.ts'
import { HttpLink } from './link.ts'
import type { ClickHouseOptions } from './options.ts'
import { clickHouseTarget } from './target.ts'

/** The first that knows every setting of our queries. */
const VERSION_MIN = [25, 1] as const

/**
 * Opens the archive on a ClickHouse server, over HTTP(S). Asks it once who it is, so that a wrong address, user or version
 * is told here; what fails later because the server is away may be tried again, and works once it is back.
 *
 * Throws ArchiveError: `retryable` where the server is away, else with the option to correct.
 */
export async function openClickHouseArchive(options: ClickHouseOptions): Promise<EventArchive> {
  const target = clickHouseTarget(options)
  const link = new HttpLink(target)
  try {
    refuseOld(await versionOf(link), target.address)
  } catch (error) {
    await link.close()
    throw archiveError(`open ${target.address}`, error)
  }
  return new ClickHouseArchive(link, target.cluster)
}

async function versionOf(link: HttpLink): Promise<string> {
  let version = ''
  for await (const block of nativeBlocks(link.lookup('SELECT version()'))) {
    version = String(block.columns[0]?.values[0])
  }
  return version
}

function refuseOld(version: string, address: string): void {
  const [year = 0, month = 0] = version.split('.').map(Number)
  const [yearMin, monthMin] = VERSION_MIN
  if (year > yearMin || (year === yearMin && month >= monthMin)) return
  throw new ArchiveError(
    'ARCHIVE_REFUSED',
    `ClickHouse at ${address} is version ${version}: ${yearMin}.${monthMin} or newer is needed`,
  )
}
