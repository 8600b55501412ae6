import type { Command, CommandHelp } from './command.ts'

/** A command as the command line finds it: its code is loaded when it is called, as most need few of the others' packages. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
  /** Where the command brings none. */
  readonly help?: CommandHelp
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'Makes a new project that works: definitions, a test, sample data',
    load: async () => (await import('./commands/init.ts')).default,
  },
  {
    name: 'dev',
    summary: 'Runs everything in one process: API, streams, archive, backfills',
    load: async () => (await import('./commands/dev.ts')).default as unknown as Command,
    help: {
      examples: [
        { line: 'millrace dev', what: 'serves the definitions in feature-defs on http://127.0.0.1:8080' },
        {
          line: 'millrace dev --clock history',
          what: 'replays past data: nothing expires, and now is the newest event',
        },
        { line: 'millrace dev --demo', what: 'shows it at work, with made-up card traffic' },
      ],
      exits: [
        [1, 'it could not start, or failed'],
        [3, 'the definitions have errors'],
      ],
    },
  },
  {
    name: 'ingest',
    summary: 'Puts the events of a file into the log, or straight into the archive',
    load: async () => (await import('./commands/ingest.ts')).default,
  },
  {
    name: 'backfill',
    summary: 'Fills timelines from the archive',
    load: async () => (await import('./commands/backfill.ts')).default,
  },
  {
    name: 'serve',
    summary: 'With servers: answers over HTTP, from Redis',
    load: async () => (await import('./commands/serve.ts')).default,
  },
  {
    name: 'stream',
    summary: 'With servers: Kafka -> Redis',
    load: async () => (await import('./commands/stream.ts')).default,
  },
  {
    name: 'archive',
    summary: 'With servers: Kafka -> ClickHouse',
    load: async () => (await import('./commands/archive.ts')).default,
  },
  {
    name: 'check',
    summary: 'Says what is wrong with the definitions',
    load: async () => (await import('./commands/check.ts')).default,
  },
  {
    name: 'plan',
    summary: 'Says what the definitions would change: features, backfills, memory',
    load: async () => (await import('./commands/plan.ts')).default,
  },
  {
    name: 'catalogue',
    summary: 'Shows what is defined: features with their state, what they read and what reads them',
    load: async () => (await import('./commands/catalogue.ts')).default,
  },
  {
    name: 'get',
    summary: 'Asks a service for its features',
    load: async () => (await import('./commands/get.ts')).default,
  },
  {
    name: 'events',
    summary: 'Shows the events behind the value of a feature',
    load: async () => (await import('./commands/events.ts')).default,
  },
  {
    name: 'quarantine',
    summary: 'Shows events that are no valid ones, and replays them',
    load: async () => (await import('./commands/quarantine.ts')).default,
  },
  {
    name: 'gc',
    summary: 'Removes what no live definition uses',
    load: async () => (await import('./commands/gc.ts')).default,
  },
  {
    name: 'renew',
    summary: 'Begins anew with a topic that was deleted and made anew',
    load: async () => (await import('./commands/renew.ts')).default,
  },
  {
    name: 'status',
    summary: 'Shows sources, positions, watermarks, coverage and backfills',
    load: async () => (await import('./commands/status.ts')).default,
  },
]
