import type { ArgsDef, CommandDef } from 'citty'

/** What `--help` shows beside a command's arguments. */
export interface CommandHelp {
  readonly examples: readonly { readonly line: string; readonly what: string }[]
  /** Exit codes beyond 0 and 2, which every command has: `['1', 'a line was rejected']`. */
  readonly exits: readonly (readonly [code: number, when: string])[]
  /** The name of further positional arguments, where the command takes any number: `group`. They are in `args._`. */
  readonly rest?: string
  /** Flags that may be given more than once. */
  readonly repeatable?: readonly string[]
}

/** A command and its help. Its `run` may answer an exit code; none is 0. */
export type Command<T extends ArgsDef = ArgsDef> = CommandDef<T> & { readonly help?: CommandHelp }

/** Defines a command; its arguments are typed by their definitions. */
export function command<const T extends ArgsDef>(definition: CommandDef<T> & { readonly help: CommandHelp }): Command {
  return definition as unknown as Command
}

/** Flags that mean the same everywhere. */
export const FLAGS = {
  defs: {
    type: 'string',
    description: 'Folder of definition files (default: as configured, else feature-defs)',
    valueHint: 'folder',
  },
  data: {
    type: 'string',
    description: 'Folder that holds all data (default: .millrace, or the servers that are configured)',
    valueHint: 'folder',
  },
  config: {
    type: 'string',
    description: 'Configuration file (default: millrace.config.ts, where there is one)',
    valueHint: 'file',
  },
  json: { type: 'boolean', default: false, description: 'Prints JSON, and nothing else, on stdout' },
  clock: {
    type: 'string',
    description: "'wall' or 'history', as for dev; without it, as the data folder was used last",
    valueHint: 'wall|history',
  },
} as const

/** Reads a flag that may be absent, which is null. */
export function optional<T>(text: string | undefined, read: (text: string) => T): T | null {
  return text === undefined ? null : read(text)
}
