// Loads the configuration of the folder that it runs in (argv[2]: its file), as the command line does, and prints it or why not.
import { CommandError } from '../../src/cli/command-error.ts'
import { loadConfig } from '../../src/cli/config/load-config.ts'

try {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('MILLRACE_')))
  const config = await loadConfig({ file: process.argv[2] ?? null, env, cwd: process.cwd() })
  process.stdout.write(JSON.stringify(config))
} catch (error) {
  if (!(error instanceof CommandError)) throw error
  process.stdout.write(JSON.stringify({ code: error.code, exitCode: error.exitCode, message: error.message }))
}
