import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChdbArchive } from '../../src/stores/archive/chdb.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { eventArchiveContract } from './event-archive.contract.ts'

eventArchiveContract('memory', async () => new MemoryEventArchive())
eventArchiveContract('chDB', async () => openChdbArchive(await mkdtemp(join(tmpdir(), 'millrace-archive-'))))
