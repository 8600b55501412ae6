// `millrace ingest` with the arguments from argv[4] on, which kills itself, as kill -9 does, argv[3] ms after it has noted more than
// argv[2] lines, or before it notes that it is done, whichever comes first. Whoever watched it from outside might look too late.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { IngestState } from '../../src/cli/ingest/ingest-state.ts'
import { main } from '../../src/cli/main.ts'

const [noted, later_ms, ...args] = process.argv.slice(2)

/** Kills from a thread of its own: in the middle of whatever the others do. */
const KILLER = `
const { workerData } = require('node:worker_threads')
Atomics.wait(workerData.begun, 0, 0)
Atomics.wait(workerData.begun, 0, 1, workerData.later_ms)
process.kill(process.pid, 'SIGKILL')`
const begun = new Int32Array(new SharedArrayBuffer(4))
new Worker(KILLER, { eval: true, workerData: { begun, later_ms: Number(later_ms) } })

const { renameSync } = fs
fs.renameSync = (from, to) => {
  const isNote = String(to).endsWith('.json')
  const note = isNote ? (JSON.parse(fs.readFileSync(from, 'utf8')) as IngestState) : null
  // Killed before this returns.
  if (note !== null && note.finishedAt !== null) {
    kill()
    Atomics.wait(begun, 0, 1)
  }
  renameSync(from, to)
  if (note !== null && note.position.line > Number(noted)) kill()
}
syncBuiltinESMExports()

function kill(): void {
  Atomics.store(begun, 0, 1)
  Atomics.notify(begun, 0)
}

await main(['ingest', ...args])
