// Writes a log as a process does that ends in the way argv[2] says.
import { createLog } from '../../src/cli/log.ts'

const log = createLog({ process: 'stream', level: 'info' })
for (let i = 0; i < 5_000; i++) log.info({ i }, 'line')
if (process.argv[2] === 'throw') {
  // As main.ts does.
  process.on('uncaughtException', () => process.exit(1))
  throw new Error('it fails')
}
if (process.argv[2] === 'exit') process.exit(3)
