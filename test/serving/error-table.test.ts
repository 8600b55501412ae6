import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HTTP_ERRORS } from '../../src/serving/http/error-table.ts'

const SRC = resolve(import.meta.dirname, '../../src')

describe('the table of errors', () => {
  it('is in the order of the statuses, in sentences without a full stop', () => {
    const statuses = Object.values(HTTP_ERRORS).map(({ status }) => status)
    expect(statuses).toEqual([...statuses].sort((a, b) => a - b))
    for (const { meaning, cure } of Object.values(HTTP_ERRORS)) {
      for (const text of [meaning, cure]) expect(text).toMatch(/^\S.*[^.]$/)
    }
  })

  it('says when to ask again of the errors that go away, and of no other', () => {
    const again = Object.entries(HTTP_ERRORS).filter(([, { retry_s }]) => retry_s !== undefined)
    expect(again.every(([, { status }]) => status === 503)).toBe(true)
    expect(again).toHaveLength(Object.values(HTTP_ERRORS).filter(({ status }) => status === 503).length)
  })

  it('has no code that nothing throws', () => {
    const files = ['serving', 'serving/http', 'features'].flatMap((folder) =>
      readdirSync(join(SRC, folder)).map((name) => join(SRC, folder, name)),
    )
    const text = files
      .filter((file) => file.endsWith('.ts') && !/error-table|serving-error|event-error/.test(file))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
    for (const code of Object.keys(HTTP_ERRORS)) expect(text).toContain(`'${code}'`)
  })
})
