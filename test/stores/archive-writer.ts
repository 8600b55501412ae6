import { openChdbArchive } from '../../src/stores/archive/chdb.ts'
import { AT, CARD, ID, insertRows, T0 } from './archive-rows.ts'

/**
 * A process of its own that inserts batches until it is killed, and says after each how many rows were acknowledged; or, asked
 * to `end`, inserts one and closes.
 */
const [folder, batch, end] = process.argv.slice(2)
const rows = Number(batch)
const columns = [ID, AT, CARD]
const archive = await openChdbArchive(folder!)
await archive.create('events', columns, 'at')
let next = ((await archive.lastSequence('events', 'log/a/0')) ?? -1) + 1
do {
  const made = Array.from({ length: rows }, (_, i) => [`e${next + i}`, T0 + next + i, `card ${i % 100}`])
  await insertRows(archive, 'events', columns, made, { origin: 'log/a/0', first: next })
  next += rows
  process.stdout.write(`${next}\n`)
} while (end === undefined)
await archive.close()
