import type { ArgsDef } from 'citty'
import { COMMANDS } from '../../src/cli/commands.ts'
import { commandHelp } from '../../src/cli/help.ts'
import { page, table } from './markdown.ts'

const INTRODUCTION = `Every command has \`--help\`, which is what stands here. With \`--json\` a command prints JSON on stdout and nothing else; what it tells on its
way goes to stderr. Flags win over variables, and these over the file ([configuration](configuration.md)).`

/** Every command, as its help shows it. */
export async function commandsPage(): Promise<string> {
  const contents = table(
    ['command', 'what it does'],
    COMMANDS.map(({ name, summary }) => [`[\`millrace ${name}\`](#${name})`, summary]),
  )
  const sections = await Promise.all(
    COMMANDS.map(async (entry) => {
      const { args, meta, help } = await entry.load()
      const { description = '' } = (await (typeof meta === 'function' ? meta() : meta)) ?? {}
      const definitions = ((await (typeof args === 'function' ? args() : args)) ?? {}) as ArgsDef
      const text = commandHelp(entry.name, description, definitions, help ?? entry.help)
      return `## ${entry.name}\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\``
    }),
  )
  return page('Commands', INTRODUCTION, contents, ...sections)
}
