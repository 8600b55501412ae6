import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Model } from '../../features/model.ts'
import type { BackfillEvent } from '../backfill-runner.ts'
import { command, FLAGS } from '../command.ts'
import { watchComputed } from '../compute-watch.ts'
import { clockFlag, folderClock, lockDataFolder } from '../data-folder.ts'
import { demoRequest, loadDemoHistory, runDemoTraffic } from '../demo/demo.ts'
import { Engine, type EngineOptions } from '../engine.ts'
import { listen } from '../listen.ts'
import { loadModel } from '../load-definitions.ts'
import { counted } from '../output.ts'
import { ReloadingEngine } from '../reloading-engine.ts'
import { DATA_FOLDER, settingsOf } from '../settings.ts'
import { UsageError } from '../usage-error.ts'
import { changedText, changesOf, WatchedFiles } from '../watched-files.ts'

const HOST = '127.0.0.1'

const PROGRESS_EVERY_MS = 2_000

function portOf(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new UsageError(`--port: '${text}' is not a port`, 'give a number from 0 (any free one) to 65535')
}

/** Writes lines for people on stderr, or events as JSON on stdout. */
function teller(json: boolean): (event: string, text: string, data?: object) => void {
  if (json) return (event, _, data) => process.stdout.write(`${JSON.stringify({ event, ...data })}\n`)
  return (_, text) => process.stderr.write(`${text}\n`)
}

type Tell = ReturnType<typeof teller>

function backfillTeller(tell: Tell): (event: BackfillEvent) => void {
  let told_ms = 0
  return (event) => {
    const { name } = event.timeline
    if (event.type === 'message') tell('backfill', `backfill ${name}: ${event.text}`, { ...event })
    else if (event.type === 'failed') tell('backfill', `backfill ${name} failed: ${event.message}`, { ...event })
    else if (event.type === 'done') {
      const refused = event.refused === 0 ? '' : `, ${event.refused} refused: ${event.refusals.join('; ')}`
      tell('backfill', `backfill ${name}: complete, ${event.rows} rows${refused}`, { ...event })
    } else if (Date.now() - told_ms > PROGRESS_EVERY_MS) {
      told_ms = Date.now()
      tell('backfill', `backfill ${name}: ${event.rows} of ${event.rowsTotal} rows`, { ...event })
    }
  }
}

export default command({
  meta: {
    name: 'dev',
    description:
      'Runs everything in one process: HTTP API, log -> online store, log -> archive, backfill of whatever is not complete.\n' +
      'Definitions that change, or what they import, are taken up as they are saved: calls wait for a moment, and what is not complete\n' +
      'is back-filled. Wrong ones are told, and those before serve on. The configuration, and packages, are for the next start.\n' +
      'Ctrl-C stops it; nothing that was acknowledged is lost, also not by kill -9.',
  },
  args: {
    defs: FLAGS.defs,
    data: FLAGS.data,
    config: FLAGS.config,
    port: {
      type: 'string',
      default: '8080',
      description: 'Port on 127.0.0.1; 0 for any free one',
      valueHint: 'number',
    },
    clock: {
      type: 'string',
      description:
        "'wall', or 'history' to replay past data: nothing expires, and now is the newest event; without it, as the folder was used last",
      valueHint: 'wall|history',
    },
    keep: {
      type: 'boolean',
      default: false,
      description: 'Keeps to the definitions that it begins with: those that change are for the next start',
    },
    demo: { type: 'boolean', default: false, description: 'Shows made-up card traffic, in a data folder of its own' },
    json: { type: 'boolean', default: false, description: 'Tells what happens as JSON lines on stdout' },
  },
  help: {
    examples: [
      { line: 'millrace dev', what: 'serves the definitions in feature-defs on http://127.0.0.1:8080' },
      { line: 'millrace dev --clock history', what: 'replays past data: nothing expires, and now is the newest event' },
      {
        line: 'millrace dev --keep',
        what: 'serves what it begins with, whatever is saved: millrace plan compares with it',
      },
      { line: 'millrace dev --demo', what: 'shows it at work, with made-up card traffic' },
    ],
    exits: [
      [1, 'it could not start, or failed'],
      [3, 'the definitions have errors'],
    ],
  },
  async run({ args }) {
    const port = portOf(args.port)
    const asked = args.clock === undefined ? null : clockFlag(args.clock)
    const tell = teller(args.json)
    // Everything in one process, whatever servers are configured: the data folder is its own.
    const { defs, data: folder } = await settingsOf({ ...args, data: args.data ?? DATA_FOLDER })
    const files = new WatchedFiles(defs)
    const begun = files.stamps()
    const model = await loadModel(defs)
    const data = args.demo && args.data === undefined ? await mkdtemp(join(tmpdir(), 'millrace-demo-')) : folder!
    const lock = await lockDataFolder(data, 'dev')
    const clock = folderClock(data, asked)
    const stop = new AbortController()
    // The second signal does not wait: what was acknowledged is on disk anyway.
    const onSignal = (): void => (stop.signal.aborted ? process.exit(130) : stop.abort())
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    try {
      const engine = await ReloadingEngine.open((model) => openEngine({ data, model, defs, clock }, tell), model)
      try {
        const ask = (path: string, init?: RequestInit) => engine.request(path, init)
        const past = args.demo ? await loadDemoHistory(ask, Date.now()) : 0
        const { url, close } = await listen(engine.fetch, { host: HOST, port, flag: '--port' })
        await engine.start(url)
        await lock.setUrl(url)
        const services = [...model.services.keys()]
        tell('ready', `millrace listens on ${url}: ${counted(services.length, 'service')}, data in ${data}`, {
          url,
          data,
          services,
        })
        const demo = args.demo ? startDemo(ask, tell, url, past, stop.signal) : Promise.resolve()
        let load = 0
        const stopped = new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }))
        if (args.keep) await stopped
        for await (const changed of changesOf(files, begun, stop.signal)) {
          load++
          await reload(engine, () => loadModel(defs, load), changed, tell)
        }
        tell('stopping', 'millrace stops', {})
        await demo
        await close()
      } finally {
        await engine.close()
      }
    } finally {
      await lock.release()
      if (data !== folder) await rm(data, { recursive: true, force: true })
    }
    tell('stopped', 'millrace has stopped: all that was acknowledged is on disk', {})
  },
})

function openEngine(options: EngineOptions, tell: Tell): Promise<Engine> {
  watchComputed(options.model, {
    now: Date.now,
    tell: (source, column, message) => tell('compute', message, { source, column, message }),
  })
  return Engine.open({
    ...options,
    onBackfill: backfillTeller(tell),
    onTrouble: (source, message) =>
      tell('trouble', message === null ? `${source}: all is well again` : `${source}: ${message}`, { source, message }),
  })
}

/** Takes up definitions that changed; where they are wrong, those before serve on. */
async function reload(
  engine: ReloadingEngine,
  load: () => Promise<Model>,
  files: readonly string[],
  tell: Tell,
): Promise<void> {
  const what = `${changedText(files)} changed`
  const refuse = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error)
    tell('refused', `${what}: ${message}\nthe definitions before serve on`, { files, message })
  }
  let model: Model
  try {
    model = await load()
  } catch (error) {
    refuse(error)
    return
  }
  const begun_ms = performance.now()
  const failure = await engine.exchange(model)
  if (failure !== null) {
    refuse(failure)
    return
  }
  const took_ms = Math.round(performance.now() - begun_ms)
  const services = [...model.services.keys()]
  tell('reloaded', `${what}: ${counted(services.length, 'service')}, taken up in ${took_ms} ms`, {
    files,
    services,
    took_ms,
  })
}

async function startDemo(
  ask: (path: string, init?: RequestInit) => Promise<Response>,
  tell: Tell,
  url: string,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  tell('demo', `demo: ${count} payments of the last 40 days are in the archive; live traffic begins. Try:`, { count })
  tell(
    'demo',
    `\n  curl -s ${url}/v1/services/checkout_risk -H 'content-type: application/json' -d '${demoRequest(Date.now())}'\n`,
    {},
  )
  await runDemoTraffic(ask, (line) => tell('demo', line, { line }), signal)
}
