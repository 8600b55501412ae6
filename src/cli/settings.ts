import { loadConfig } from './config/load-config.ts'
import type { LoadedConfig } from './config/loaded-config.ts'

/** The data folder of the embedded stores, where nobody names another. */
export const DATA_FOLDER = '.millrace'

export interface SettingsArgs {
  readonly config?: string | undefined
  readonly defs?: string | undefined
  readonly data?: string | undefined
}

/** What a command works on. */
export interface Settings {
  readonly config: LoadedConfig
  readonly defs: string
  /** The data folder; null: the servers of the configuration. */
  readonly data: string | null
}

/** Flags win over the environment, and that over the file. A data folder that is named is used, whatever servers are configured. */
export async function settingsOf({ config, defs, data }: SettingsArgs): Promise<Settings> {
  const loaded = await loadConfig({ file: config ?? null, env: process.env, cwd: process.cwd() })
  return {
    config: loaded,
    defs: defs ?? loaded.defs,
    data: data ?? (loaded.servers ? null : DATA_FOLDER),
  }
}
