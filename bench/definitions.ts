import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { thousandFeatures } from '../test/types/thousand-features.ts'
import type { Report } from './main.ts'

const MILLRACE = resolve(import.meta.dirname, '../bin/millrace.js')
const RUNS = 5
const READY_MS_MAX = 60_000

/** What a folder of 1,000 features in 50 groups and 30 services costs: to check, and until `dev` is ready to serve it. */
export async function definitionsBench(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    mkdirSync(join(folder, 'feature-defs'))
    for (const [name, text] of thousandFeatures()) writeFileSync(join(folder, 'feature-defs', name), text)
    const [first, ...later] = await runs(folder)
    report('check, 1,000 features in 50 groups and 30 services, the first time', `${first!.toFixed(2)} s of CPU`)
    report('check, again: the least of some runs', `${Math.min(...later).toFixed(2)} s of CPU`)
    report('dev, until it is ready', `${((await devReady_ms(folder)) / 1_000).toFixed(2)} s`)
    report('dev, again, with what it has stored', `${((await devReady_ms(folder)) / 1_000).toFixed(2)} s`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function runs(folder: string): Promise<number[]> {
  const seconds: number[] = []
  for (let run = 0; run < RUNS; run++) seconds.push(await checkCpu_s(folder))
  return seconds
}

/** Seconds of CPU, of user and system, that one `check` takes with all its threads. */
function checkCpu_s(folder: string): Promise<number> {
  const script = `"${process.execPath}" "${MILLRACE}" check > /dev/null; times`
  return new Promise((resolved, reject) => {
    execFile('/bin/sh', ['-c', script], { cwd: folder }, (error, stdout) => {
      if (error !== null) return reject(error)
      // The second line is about the children: user, then system, as 0m0.73s.
      const [user, system] = [...stdout.split('\n')[1]!.matchAll(/(\d+)m([\d.]+)s/g)].map(
        ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
      )
      resolved(user! + system!)
    })
  })
}

/** Milliseconds from the start of `dev` to its first answer that it is ready. */
async function devReady_ms(folder: string): Promise<number> {
  const begun_ms = performance.now()
  const dev = spawn(process.execPath, [MILLRACE, 'dev', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolved) => dev.once('exit', () => resolved()))
  let output = ''
  for (const stream of [dev.stdout, dev.stderr]) stream.on('data', (data) => (output += String(data)))
  try {
    while (performance.now() - begun_ms < READY_MS_MAX && dev.exitCode === null) {
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? []
      if (url !== undefined && (await fetch(`${url}/readyz`)).ok) return performance.now() - begun_ms
      await sleep(5)
    }
    throw new Error(`dev was not ready within ${READY_MS_MAX / 1_000} s: ${output}`)
  } finally {
    dev.kill('SIGTERM')
    await ended
  }
}
