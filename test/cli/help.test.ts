import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ArgsDef } from 'citty'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { commandHelp } from '../../src/cli/help.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const BIN = join(ROOT, 'bin/millrace.js')
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string
  engines: { node: string }
}

describe.each(COMMANDS)('millrace $name --help', (entry) => {
  it('says what it takes, by example, and what it ends with', async () => {
    const command = await entry.load()
    const args = command.args as ArgsDef
    const help = command.help ?? entry.help
    const { name, description } = command.meta as { name: string; description: string }
    expect(name).toBe(entry.name)
    const text = commandHelp(name, description, args, help)
    for (const [arg, { type, required, description: about }] of Object.entries(args)) {
      const positional = required === false ? `[${arg}]` : `<${arg}>`
      expect(text).toContain(type === 'positional' ? positional : `--${arg}`)
      expect(about).toBeTruthy()
    }
    expect(text).toContain(`Usage: millrace ${name}`)
    expect(help!.examples.length).toBeGreaterThan(0)
    for (const { line } of help!.examples) expect(line).toContain(`millrace ${name}`)
    const codes = [...text.slice(text.indexOf('Exit codes:')).matchAll(/^ {2}(\d+) /gm)].map(([, code]) => Number(code))
    expect(codes.slice(0, 1)).toEqual([0])
    // Who reads definitions can find them wrong.
    expect(codes).toEqual(expect.arrayContaining('defs' in args ? [0, 1, 2, 3] : [0, 1, 2]))
    expect(args).toHaveProperty('json')
  })
})

describe('the program', () => {
  it('lists its commands', () => {
    const text = execFileSync(process.execPath, [BIN, '--help'], { encoding: 'utf8' })
    for (const { name, summary } of COMMANDS)
      expect(text).toMatch(new RegExp(`^ {2}${name} +${summary.slice(0, 20)}`, 'm'))
  })

  it('says its version', () => {
    expect(execFileSync(process.execPath, [BIN, '--version'], { encoding: 'utf8' })).toBe(`${PACKAGE.version}\n`)
  })

  it('shows its help on stderr where no command is given, which is an error', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BIN], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: millrace <command>')
  })

  it('runs by its first line, with its flags for V8', () => {
    const [line] = readFileSync(BIN, 'utf8').split('\n')
    expect(line).toBe(
      '#!/usr/bin/env -S node --max-semi-space-size=64 --min-semi-space-size=16 --initial-old-space-size=256',
    )
    expect(execFileSync(BIN, ['--version'], { encoding: 'utf8' })).toBe(`${PACKAGE.version}\n`)
  })

  it('asks for the Node that package.json asks for', () => {
    const [, major, minor] = /const NODE_MIN = \[(\d+), (\d+)\]/.exec(readFileSync(BIN, 'utf8'))!
    expect(PACKAGE.engines.node).toBe(`>=${major}.${minor}`)
  })
})
