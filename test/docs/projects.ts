import type { Beginning } from './followed-pages.ts'
import { PageSession } from './page-session.ts'

const NEW = 'node bin/millrace.js init ../fraud-features\ncd ../fraud-features\nnpm install millrace\n'
const LOAD = 'npx millrace ingest payments data/payments.ndjson --archive\nnpx millrace backfill\n'

/** Projects in which pages begin: each is made once, and every page gets a copy of its own. */
export class Projects {
  readonly #made = new Map<Beginning, Promise<PageSession>>()

  /** A reader where a page begins; whoever asks for him ends him. */
  async session(beginning: Beginning, env: Readonly<Record<string, string>> = {}): Promise<PageSession> {
    if (beginning === 'checkout') return new PageSession({ env })
    return new PageSession({ project: (await this.#project(beginning)).folder, env })
  }

  async end(): Promise<void> {
    for (const made of this.#made.values()) await (await made).end()
  }

  #project(beginning: Exclude<Beginning, 'checkout'>): Promise<PageSession> {
    const made = this.#made.get(beginning) ?? this.#make(beginning)
    this.#made.set(beginning, made)
    return made
  }

  async #make(beginning: Exclude<Beginning, 'checkout'>): Promise<PageSession> {
    const session =
      beginning === 'new' ? new PageSession() : new PageSession({ project: (await this.#project('new')).folder })
    await session.run(beginning === 'new' ? NEW : LOAD)
    return session
  }
}
