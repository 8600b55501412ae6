import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { optionPlace } from '../../src/cli/option-place.ts'

/** The place that is looked for is marked by @; the call begins with the text. */
function marked(text: string): { text: string; offset: number } {
  const offset = text.indexOf('@')
  return { text: text.replace('@', ''), offset }
}

describe('the place of an option', () => {
  it.each<[what: string, text: string, path: string[]]>([
    ['first', `f('a', { @id: 1 })`, ['id']],
    ['in quotes', `f('a', { @'id': 1 })`, ['id']],
    ['after others', `f('a', { a: 1, b: [1, { id: 2 }], c: g({ id: 3 }, 4), @id: 5 })`, ['id']],
    ['deeper', `f('a', { id: 1, schema: z.object({ b: 1, @id: 2 }).strict() })`, ['schema', 'id']],
    ['behind a string with brackets', `f('{ id: 1', { a: '}, id: {', @id: 1 })`, ['id']],
    ['behind comments', `f('a', { // id: 1, {\n /* id: 2 } */ @id: 3 })`, ['id']],
    ['behind a template', `f(\`a\`, { a: \`}\${{ id: \`\${1}}\` }.id}, id: 1\`, @id: 1 })`, ['id']],
    ['behind a regular expression', `f('a', { a: /[/}]id: \\/'/u, b: 4 / 2 / 1, @id: 1 })`, ['id']],
    ['behind a function', `f('a', { a: ({ id }) => { return { id: 1 } }, @id: 1 })`, ['id']],
    ['behind what is spread and computed', `f('a', { ...b, [id]: 1, ...{ id: 2 }, @id: 3 })`, ['id']],
    ['in shorthand', `f('a', { a, @id, b })`, ['id']],
    ['as a method', `f('a', { a() { return { id: 1 } }, @id() {} })`, ['id']],
    ['with types', `f<A, B>('a', { a: b as { id: string }, @id: 1 })`, ['id']],
  ])('%s', (_, source, path) => {
    const { text, offset } = marked(source)
    expect(optionPlace(text, 0, path)).toEqual({ offset, depth: path.length })
  })

  it.each<[what: string, text: string, path: string[], found: number]>([
    ['a path that ends in a name', `f('a', { @features, b: { n: 1 } })`, ['features', 'n'], 1],
    ['a key that is not there', `f('a', { @features: { m: 1 }, n: 2 })`, ['features', 'n'], 1],
    ['a value that is a function', `f('a', { @a: ({ n }) => ({ n: 1 }) })`, ['a', 'x'], 1],
  ])('as far as it is there: %s', (_, source, path, depth) => {
    const { text, offset } = marked(source)
    expect(optionPlace(text, 0, path)).toEqual({ offset, depth })
  })

  it.each([
    ['options made elsewhere', `f('a', options)\ng({ id: 1 })`],
    ['no call', `f = { id: 1 }`],
    ['nothing', ''],
    ['an end too soon', `f('a', { b: {`],
  ])('not at all: %s', (_, text) => {
    expect(optionPlace(text, 0, ['id'])).toBeNull()
  })

  it('is found in whatever stands around it', () => {
    const pieces = [
      "'}'",
      `\`\${{ a: \`}\` }.a}\``,
      '/* { */ 1',
      '[{ key: 1 }]',
      'g({ key: 2 })',
      '(a) => ({ key: 3 })',
      '/[}]/',
      '6 / 2',
    ]
    const property = fc.tuple(fc.constantFrom('a', 'b', "'c'", 'd'), fc.constantFrom(...pieces))
    fc.assert(
      fc.property(fc.array(property), fc.array(property), (before, after) => {
        const texts = (all: [string, string][]) => all.map(([name, value]) => `${name}: ${value}`)
        const text = `f('x', { ${[...texts(before), 'key: 1', ...texts(after)].join(',\n')} })`
        const head = texts(before)
          .map((one) => `${one},\n`)
          .join('')
        expect(optionPlace(text, 0, ['key'])).toEqual({ offset: `f('x', { ${head}`.length, depth: 1 })
      }),
      { seed: 7 },
    )
  })

  it('ends for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`f(){}[]'"\`$\\/*,:=>. \na`), maxLength: 60 }), (text) => {
        const found = optionPlace(`f('x', { ${text}`, 0, ['a', 'a'])
        if (found !== null) expect(text.slice(found.offset - 9)).toMatch(/^['"]?a/)
      }),
      { seed: 7, numRuns: 2_000 },
    )
  })
})
