import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { folderClock, lockDataFolder, readHolder, rememberedClock } from '../../src/cli/data-folder.ts'

const HOLDER = fileURLToPath(new URL('lock-holder.ts', import.meta.url))

let folder: string
let children: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** Starts a process that tries to take the lock, and answers it with the first line that it says. */
async function hold(at_ms?: number): Promise<{ child: ChildProcess; said: string }> {
  const args = ['--import', 'tsx', HOLDER, folder, ...(at_ms === undefined ? [] : [String(at_ms)])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return { child, said: line.toString().trim() }
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe('the lock of a data folder', () => {
  it('is held by one, and says by whom', async () => {
    const lock = await lockDataFolder(folder, 'dev')
    await expect(lockDataFolder(folder, 'backfill')).rejects.toThrow(
      `the data folder ${folder} is in use by 'millrace dev' (process ${process.pid})`,
    )
    expect(readHolder(folder)).toMatchObject({ pid: process.pid, command: 'dev', url: null })
    await lock.setUrl('http://127.0.0.1:8080')
    await expect(lockDataFolder(folder, 'dev')).rejects.toMatchObject({
      message: `the data folder ${folder} is in use by 'millrace dev' (process ${process.pid}, http://127.0.0.1:8080)`,
      cure: `stop it first (kill ${process.pid}), or give this one a folder of its own with --data`,
    })
    expect(readHolder(folder)).toMatchObject({ url: 'http://127.0.0.1:8080' })
    await lock.release()
    expect(readHolder(folder)).toBeNull()
    await (await lockDataFolder(folder, 'dev')).release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('is free at once when its holder was killed', async () => {
    const { child, said } = await hold()
    expect(said).toBe('held')
    await expect(lockDataFolder(folder, 'dev')).rejects.toThrow(`process ${child.pid}`)
    await kill(child)
    expect(readHolder(folder)).toBeNull()
    const lock = await lockDataFolder(folder, 'dev')
    expect(readHolder(folder)).toMatchObject({ pid: process.pid })
    await lock.release()
    expect(readdirSync(folder)).toEqual([])
  })

  it.runIf(process.platform === 'linux')(
    'is free when its holder was killed and nobody has waited for it',
    async () => {
      const script = `"$0" --import tsx "$1" "$2" & exec sleep 60`
      const parent = spawn('sh', ['-c', script, process.execPath, HOLDER, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(parent)
      await once(parent.stdout!, 'data')
      const { pid } = readHolder(folder)!
      expect(pid).not.toBe(parent.pid)
      process.kill(pid, 'SIGKILL')
      const state = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]![0]
      await expect.poll(state, { timeout: 30_000 }).toBe('Z')
      expect(readHolder(folder)).toBeNull()
      await (await lockDataFolder(folder, 'dev')).release()
    },
  )

  it('is not held by a later process of the same number', async () => {
    writeFileSync(
      join(folder, 'lock'),
      JSON.stringify({ id: 'x', pid: process.pid, started: 'another boot/1', command: 'dev', url: null }),
    )
    expect(readHolder(folder)).toBeNull()
    await (await lockDataFolder(folder, 'dev')).release()
  })

  it('is taken over from a process that died while it took over', async () => {
    const dead = (id: string) => JSON.stringify({ id, pid: 2 ** 22 + 1, started: 'x', command: 'dev', url: null })
    writeFileSync(join(folder, 'lock'), dead('first'))
    writeFileSync(join(folder, 'lock.first'), dead('second'))
    writeFileSync(join(folder, 'lock.second'), dead('third'))
    const lock = await lockDataFolder(folder, 'get')
    expect(readdirSync(folder)).toEqual(['lock'])
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))).toMatchObject({ command: 'get', pid: process.pid })
    await lock.release()
  })

  it('goes to one of many that want it when its holder has died', async () => {
    const { child } = await hold()
    await kill(child)
    // All are loaded by then, and try at the same moment.
    const at_ms = Date.now() + 3_000
    const racers = await Promise.all(Array.from({ length: 5 }, () => hold(at_ms)))
    const winners = racers.filter(({ said }) => said === 'held')
    expect(winners.length).toBe(1)
    const refused = racers.filter((racer) => racer !== winners[0]).map(({ said }) => said)
    expect(refused).toEqual(refused.map(() => `refused ${winners[0]!.child.pid}`))
    expect(readHolder(folder)?.pid).toBe(winners[0]!.child.pid)
  })

  it('goes to one at a time within a process too, whatever the order', async () => {
    writeFileSync(join(folder, 'lock'), JSON.stringify({ id: 'x', pid: 2 ** 22 + 1, started: 'x', command: 'dev' }))
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataFolder(folder, 'dev')))
    expect(tries.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  })
})

it('says what is wrong with a folder that cannot be one', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await expect(lockDataFolder(file, 'dev')).rejects.toMatchObject({
    message: `--data: '${file}' cannot be used as a folder: it is a file, or lies in one`,
  })
  await expect(lockDataFolder(join(file, 'x'), 'dev')).rejects.toThrow('it is a file, or lies in one')
})

it('remembers the clock that a folder was used with last', () => {
  expect(rememberedClock(folder)).toBe('wall')
  expect(folderClock(folder, null)).toBe('wall')
  expect(folderClock(folder, 'history')).toBe('history')
  expect(folderClock(folder, null)).toBe('history')
  expect(folderClock(folder, 'wall')).toBe('wall')
  expect(rememberedClock(folder)).toBe('wall')
})
