import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { createApi } from '../../src/serving/http/api.ts'
import { World } from '../serving/world.ts'

/** The API itself over a socket, on memory stores with the definitions of test/serving. */
export class ApiServer {
  readonly url: string
  readonly world: World
  /** What the log took, by source, as it came. */
  readonly appended: [source: string, raw: string][]
  readonly #server: ReturnType<typeof serve>

  private constructor(server: ReturnType<typeof serve>, world: World, appended: [string, string][]) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.world = world
    this.appended = appended
  }

  static async start(): Promise<ApiServer> {
    const world = await new World().open()
    const appended: [string, string][] = []
    const { fetch } = createApi({
      model: world.model,
      vectors: world.vectors,
      append: async ({ name }, events) => {
        for (const { raw } of events) appended.push([name, raw])
      },
      ready: () => [],
      onFailure: () => {},
    })
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    return new ApiServer(server, world, appended)
  }

  stop(): void {
    this.#server.close()
  }
}
