import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const BIN = join(ROOT, 'bin/millrace.js')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  mkdirSync(join(folder, 'wrong'))
  writeFileSync(join(folder, 'wrong/definitions.ts'), `throw new Error('not today')\n`)
  writeFileSync(join(folder, 'array.json'), '[{}]')
  writeFileSync(join(folder, 'a.ndjson'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function millrace(...args: string[]): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: '1' }
  return new Promise((done) => {
    const child = execFile(process.execPath, [BIN, ...args], { cwd: folder, env }, (_, stdout, stderr) =>
      done({ code: child.exitCode!, stdout, stderr }),
    )
  })
}

const DEFS = ['--defs', join(ROOT, 'feature-defs')]

describe('a wrong command line is refused in one line, and nothing is done', () => {
  it.concurrent.each<[string, string[], number, string]>([
    ['an unknown command', ['ingst'], 2, `millrace: there is no command 'ingst'; did you mean 'ingest'?`],
    [
      'a command far from any',
      ['deploy-it'],
      2,
      `millrace: there is no command 'deploy-it'; there are archive, backfill, catalogue, check, dev, events, gc, get, ingest, init, plan, quarantine, renew, serve, status, stream`,
    ],
    [
      'a flag before the command',
      ['--data', 'status'],
      2,
      'millrace: --data is no flag of millrace; begin with a command: millrace --help lists them',
    ],
    [
      'an unknown flag',
      ['ingest', 'payments', 'a.ndjson', '--archve'],
      2,
      'millrace ingest: --archve is no flag of ingest; did you mean --archive?',
    ],
    [
      'a flag far from any',
      ['status', '--verbosity=9'],
      2,
      'millrace status: --verbosity is no flag of status; millrace status --help lists its flags',
    ],
    [
      'a flag of another command',
      ['check', '--port', '1'],
      2,
      'millrace check: --port is no flag of check; millrace check --help lists its flags',
    ],
    ['a flag without its value', ['plan', '--defs'], 2, 'millrace plan: --defs needs a value; write --defs <folder>'],
    ['an empty value', ['plan', '--defs='], 2, 'millrace plan: --defs needs a value; write --defs <folder>'],
    [
      'a flag where a value should be',
      ['plan', '--defs', '--data'],
      2,
      'millrace plan: --defs needs a value, and the flag --data follows; write --defs <folder>, or --defs=--data where that is the value',
    ],
    [
      'a value where none is taken',
      ['check', '--json=yes'],
      2,
      `millrace check: --json takes no value, and 'yes' is given; write --json alone`,
    ],
    [
      'a flag that is given twice',
      ['check', '--defs', 'a', '--defs', 'b'],
      2,
      'millrace check: --defs is given twice; give it once',
    ],
    [
      'a missing argument',
      ['ingest', 'payments'],
      2,
      'millrace ingest: <file> is missing; write millrace ingest <source> <file>',
    ],
    [
      'an argument too many',
      ['ingest', 'payments', 'a.csv', 'b.csv'],
      2,
      `millrace ingest: 'b.csv' is one argument too many; ingest takes <source> <file>`,
    ],
    [
      'an argument where none is taken',
      ['status', 'now'],
      2,
      `millrace status: 'now' is one argument too many; status takes no arguments`,
    ],
    [
      'a missing flag',
      ['events', 'card_velocity__spend_7d', ...DEFS],
      2,
      'millrace events: --keys is missing; write --keys <name=value,...|json>',
    ],
    [
      'no such clock',
      ['status', '--clock', 'sun'],
      2,
      `millrace status: --clock: 'sun' is not a clock; give 'wall', or 'history' to replay past data`,
    ],
    [
      'no such format',
      ['ingest', 'payments', 'a.ndjson', '--format', 'xml'],
      2,
      `millrace ingest: --format: 'xml' is not a format; give ndjson, csv or parquet`,
    ],
    [
      'a limit without a dry run',
      ['ingest', 'payments', 'a.ndjson', '--limit', '5', ...DEFS],
      2,
      'millrace ingest: --limit: only a dry run reads a part of the file; add --dry-run, or leave it out',
    ],
    [
      'a mapping of no column',
      ['ingest', 'payments', 'a.ndjson', '--map', 'id=x', '--map', 'amont=y', ...DEFS],
      2,
      `millrace ingest: --map: payments has no column 'amont'; did you mean 'amount'?`,
    ],
    [
      'a flag twice that may be given once',
      ['ingest', 'payments', 'a.ndjson', '--format', 'csv', '--format', 'csv'],
      2,
      'millrace ingest: --format is given twice; give it once',
    ],
    [
      'no such delimiter',
      ['ingest', 'payments', 'a.csv', '--delimiter', ';'],
      2,
      `millrace ingest: --delimiter: ';' is not a delimiter; give comma, semicolon, tab, pipe`,
    ],
    [
      'no such folder',
      ['check', '--defs', 'nowhere'],
      2,
      `millrace check: --defs: there is no folder 'nowhere'; give the folder of your definition files`,
    ],
    [
      'no such source',
      ['ingest', 'paymets', 'a.ndjson', ...DEFS],
      2,
      `millrace ingest: <source>: there is no source 'paymets'; did you mean 'payments'?`,
    ],
    [
      'no such file',
      ['ingest', 'payments', 'b.ndjson', ...DEFS],
      2,
      `millrace ingest: <file>: there is no file 'b.ndjson'; give a file, or - for standard input`,
    ],
    [
      'a file of another kind',
      ['ingest', 'payments', 'array.json', ...DEFS],
      1,
      `millrace ingest: array.json is one JSON array, and events are read line by line; write each on a line of its own, as with jq -c '.[]' array.json > events.ndjson`,
    ],
    [
      'no such service',
      ['get', 'checkout', ...DEFS],
      2,
      `millrace get: <service>: there is no service 'checkout'; there are checkout_risk, checkout_score`,
    ],
    [
      'an event that is not JSON',
      ['get', 'checkout_risk', '--event', '{id: 1}', ...DEFS],
      2,
      `millrace get: --event is not JSON: Expected property name or '}' in JSON at position 1; write --event '{"name": "value"}', or --event @file.json`,
    ],
    [
      'an event that is no object',
      ['get', 'checkout_risk', '--event', '[1]', ...DEFS],
      2,
      `millrace get: --event: [1] is no JSON object; write --event '{"name": "value"}'`,
    ],
    [
      'keys that are none',
      ['get', 'checkout_risk', '--keys', 'c1', ...DEFS],
      2,
      `millrace get: --keys: 'c1' is not a name and a value; write --keys card_id=c1,merchant_id=m2`,
    ],
    [
      'no such feature',
      ['events', 'card_velocity__spend_8d', '--keys', 'card_id=c1', ...DEFS],
      2,
      `millrace events: <feature>: there is no feature 'card_velocity__spend_8d'; did you mean 'card_velocity__spend_7d'?`,
    ],
    [
      'an event of no file',
      ['get', 'checkout_risk', '--event', '@nowhere.json', ...DEFS],
      2,
      `millrace get: --event: there is no file 'nowhere.json'; give --event @<file> a JSON file`,
    ],
    [
      'a feature without its window',
      ['events', 'card_velocity__merchants', '--keys', 'card_id=c1', ...DEFS],
      2,
      `millrace events: <feature>: there is no feature 'card_velocity__merchants'; did you mean 'card_velocity__merchants_7d'?`,
    ],
    [
      'the events of a derived value',
      ['events', 'amount_vs_usual', '--keys', 'card_id=c1', ...DEFS],
      2,
      `millrace events: <feature>: 'amount_vs_usual' is derived by checkout_risk when it is asked, of no events; ask for the events of a feature that it reads, as card_velocity__avg_amount_30d`,
    ],
    [
      'no such group',
      ['backfill', 'card_velocty', ...DEFS],
      2,
      `millrace backfill: <group>: there is no feature group 'card_velocty'; did you mean 'card_velocity'?`,
    ],
    [
      'a name that is not in the catalogue',
      ['catalogue', 'card_velocity__spend_8d', '--data', 'none', ...DEFS],
      2,
      `millrace catalogue: there is no 'card_velocity__spend_8d' in the catalogue; did you mean 'card_velocity__spend_7d'? --search looks for words`,
    ],
    [
      'an owner that nothing has',
      ['catalogue', '--owner', 'rsk', '--data', 'none', ...DEFS],
      2,
      `millrace catalogue: --owner: nothing in the catalogue has 'rsk'; did you mean 'risk'?`,
    ],
    [
      'a value for --watch',
      ['check', '--watch=yes'],
      2,
      `millrace check: --watch takes no value, and 'yes' is given; write --watch alone`,
    ],
    [
      'a project in place of a file',
      ['init', 'a.ndjson'],
      2,
      `millrace init: 'a.ndjson' is a file; give a folder, or a name for a new one`,
    ],
    ['two projects at once', ['init', 'a', 'b'], 2, `millrace init: 'b' is one argument too many; init takes <folder>`],
    [
      'a data folder that is a file',
      ['status', '--data', 'a.ndjson', ...DEFS],
      2,
      `millrace status: --data: 'a.ndjson' cannot be used as a folder: it is a file, or lies in one; give a folder that can be written`,
    ],
    [
      'a port that is none',
      ['dev', '--port', '80800'],
      2,
      `millrace dev: --port: '80800' is not a port; give a number from 0 (any free one) to 65535`,
    ],
    [
      'definitions with errors',
      ['status', '--defs', 'wrong'],
      3,
      `millrace status: the definitions have an error:\n  wrong/definitions.ts:1:7: not today; correct the definition: the file could not be loaded`,
    ],
  ])('%s', async (_, args, code, message) => {
    expect(await millrace(...args)).toEqual({ code, stdout: '', stderr: `${message}\n` })
  })
})

describe('with --json', () => {
  it('an error is JSON on stdout too', async () => {
    const { code, stdout, stderr } = await millrace('plan', '--defs', 'nowhere', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'USAGE',
        message: `--defs: there is no folder 'nowhere'`,
        cure: 'give the folder of your definition files',
      },
    })
    expect(stderr).toBe(
      `millrace plan: --defs: there is no folder 'nowhere'; give the folder of your definition files\n`,
    )
  })

  it('problems of definitions are a list, and the exit code is theirs', async () => {
    const { code, stdout, stderr } = await millrace('check', '--defs', 'wrong', '--json')
    expect([code, stderr]).toEqual([3, ''])
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      files: ['wrong/definitions.ts'],
      problems: [
        {
          file: 'wrong/definitions.ts',
          line: 1,
          column: 7,
          kind: null,
          name: null,
          message: 'not today',
          cure: 'correct the definition: the file could not be loaded',
          severity: 'error',
        },
      ],
    })
  })
})

it('check finds nothing wrong with definitions that are right', async () => {
  const text = await millrace('check', ...DEFS)
  expect(text).toEqual({
    code: 0,
    stdout: '6 files: 1 source, 2 groups with 17 features, 2 services; 0 errors, 0 warnings\n',
    stderr: '',
  })
})

it('plan takes all for new where there is no data folder, and makes none', async () => {
  const { code, stdout } = await millrace('plan', '--data', 'none', '--json', ...DEFS)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    features: { removed: [], kept: 0 },
    services: { added: ['checkout_risk', 'checkout_score'] },
  })
  expect((await millrace('status', '--data', 'none/x', '--help')).code).toBe(0)
  expect(() => rmSync(join(folder, 'none'))).toThrow('ENOENT')
})
