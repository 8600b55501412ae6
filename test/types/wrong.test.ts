import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { compile, type Diagnostic, root } from './compiler.ts'

const folder = path.join(root, 'test/types/wrong')
const names = readdirSync(folder).filter((name) => name.endsWith('.ts'))

/** `// expect: <part of the message>`, then maybe `// where: <part of the line that is wrong>`. */
function header(source: string): { expected: string; where: string } {
  const expected = /^\/\/ expect: (.+)$/m.exec(source.split('\n')[0]!)?.[1]
  if (expected === undefined) throw new Error('the first line must be // expect: <part of the message>')
  return { expected, where: /^\/\/ where: (.+)$/m.exec(source)?.[1] ?? '' }
}

describe('a wrong definition', () => {
  let errors: Diagnostic[] = []
  beforeAll(async () => {
    errors = (await compile(folder)).errors
  })

  it.each(names)('%s is refused where it is wrong, in a sentence', (name) => {
    const file = path.join(folder, name)
    const source = readFileSync(file, 'utf8')
    const { expected, where } = header(source)
    const own = errors.filter((error) => error.file === file)
    expect(own.map((error) => error.text)).toEqual([expect.stringContaining(expected)])
    expect(source.split('\n')[own[0]!.line - 1]).toContain(where)
  })

  it('is the only thing that is refused', () => {
    const files = new Set(names.map((name) => path.join(folder, name)))
    expect(errors.filter((error) => !files.has(error.file))).toEqual([])
  })
})
