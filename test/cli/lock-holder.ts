// Takes the lock of the data folder argv[2], says so, and holds it until it is killed. With argv[3], an instant, it tries then.
import { DataFolderInUseError, lockDataFolder } from '../../src/cli/data-folder.ts'

const [folder, at_ms] = process.argv.slice(2)
if (at_ms !== undefined) while (Date.now() < Number(at_ms)) {}
try {
  await lockDataFolder(folder!, 'dev')
  process.stdout.write('held\n')
  setInterval(() => {}, 1_000)
} catch (error) {
  if (!(error instanceof DataFolderInUseError)) throw error
  process.stdout.write(`refused ${error.holder.pid}\n`)
}
