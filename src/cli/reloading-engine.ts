import { setTimeout as sleep } from 'node:timers/promises'
import type { Model } from '../features/model.ts'
import type { Engine } from './engine.ts'

/** How long calls that are under way may hold up an exchange. */
const DRAIN_MS_MAX = 2_000

type Environment = Parameters<Engine['app']['fetch']>[1]

/**
 * An engine that is exchanged for one of other definitions while it runs. Calls that come meanwhile wait: nobody sees it closed. What the
 * data folder holds stays; the new engine goes on from there, as after a restart.
 */
export class ReloadingEngine {
  readonly #open: (model: Model) => Promise<Engine>
  readonly #calls = new Set<Promise<unknown>>()
  #model: Model
  /** Null where it is closed. */
  #engine: Engine | null
  #url: string | null = null
  #exchanged: Promise<void> | null = null

  private constructor(open: (model: Model) => Promise<Engine>, model: Model, engine: Engine) {
    this.#open = open
    this.#model = model
    this.#engine = engine
  }

  static async open(open: (model: Model) => Promise<Engine>, model: Model): Promise<ReloadingEngine> {
    return new ReloadingEngine(open, model, await open(model))
  }

  get model(): Model {
    return this.#model
  }

  /** Answers a call, by the engine that there is then. */
  readonly fetch = async (request: Request, environment?: Environment): Promise<Response> => {
    await this.#exchanged
    const { app } = this.#running()
    const call = Promise.resolve(app.fetch(request, environment))
    this.#calls.add(call)
    try {
      return await call
    } finally {
      this.#calls.delete(call)
    }
  }

  /** The same for a call of this process itself. */
  request(path: string, init?: RequestInit): Promise<Response> {
    return this.fetch(new Request(new URL(path, 'http://localhost'), init))
  }

  async start(url: string): Promise<void> {
    this.#url = url
    await this.#running().start(url)
  }

  /**
   * Goes on with other definitions. Answers why not, where they cannot be used: then it goes on as before. Throws where that cannot be either,
   * and it is closed.
   */
  async exchange(model: Model): Promise<Error | null> {
    let done = (): void => {}
    this.#exchanged = new Promise((resolve) => {
      done = resolve
    })
    try {
      await Promise.race([Promise.allSettled(this.#calls), sleep(DRAIN_MS_MAX, null, { ref: false })])
      await this.close()
      try {
        await this.#begin(model)
        return null
      } catch (error) {
        await this.#begin(this.#model)
        return error instanceof Error ? error : new Error(String(error))
      }
    } finally {
      this.#exchanged = null
      done()
    }
  }

  async close(): Promise<void> {
    const engine = this.#engine
    this.#engine = null
    await engine?.close()
  }

  async #begin(model: Model): Promise<void> {
    const engine = await this.#open(model)
    try {
      await engine.start(this.#url)
    } catch (error) {
      await engine.close()
      throw error
    }
    this.#model = model
    this.#engine = engine
  }

  #running(): Engine {
    if (this.#engine === null) throw new Error('the engine is closed')
    return this.#engine
  }
}
