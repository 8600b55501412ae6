import { afterAll } from 'vitest'
import { openChdbArchive } from '../../src/stores/archive/chdb.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { eventArchiveContract } from './event-archive.contract.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = await temporaryFolder()
afterAll(() => folder.remove())

eventArchiveContract('memory', async () => new MemoryEventArchive())
eventArchiveContract('chDB', () => openChdbArchive(folder.path))
