import { dataOf } from '../../src/features/definition.ts'
import * as language from '../../src/index.ts'
import * as testing from '../../src/testing.ts'
import type { CodeBlock } from './code-blocks.ts'

const TYPES = ['InputOf', 'VectorOf', 'Services', 'Column', 'Duration', 'Filter', 'Windowed']

/** Whether a block of TypeScript does something when it is run: it waits for answers. Others define. */
export function isProgram({ language, file, text }: CodeBlock): boolean {
  return language === 'ts' && !file?.includes('/') && /^(?!.*=>)[^/\n]*\bawait /m.test(text)
}

/** A file that stands beside a snippet. */
type PageFile = Pick<CodeBlock, 'file' | 'text'>

/** Names that a page's own files export, with the file that does. */
function exportsOf(files: readonly PageFile[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const { file, text } of files) {
    for (const [, name] of text.matchAll(/^export (?:const|function|class) (\w+)/gm)) names.set(name!, `./${file}`)
  }
  return names
}

/**
 * A snippet as a module that can be compiled: with the imports that a reader knows to add. A name that the snippet neither imports nor defines comes
 * from the page's own files, else from the common definitions (`payments`, `card`...), else from millrace itself.
 */
export function moduleOf(snippet: CodeBlock, files: readonly PageFile[], common: string): string {
  const { text } = snippet
  const own = exportsOf(files)
  const given = new Set<string>()
  for (const [, names] of text.matchAll(/import (?:type )?\{([^}]*)\}/g)) {
    for (const name of names!.split(','))
      given.add(
        name
          .replace(/^\s*type /, '')
          .trim()
          .split(' as ')
          .at(-1)!,
      )
  }
  for (const [, name] of text.matchAll(/import (?:type )?\* as (\w+)/g)) given.add(name!)
  for (const [, name] of text.matchAll(/(?:const|let|function|class) (\w+)/g)) given.add(name!)
  const code = text.replaceAll(/\/\/.*$/gm, '').replaceAll(/'[^'\n]*'/g, "''")
  const used = new Set([...code.matchAll(/(?<![.\w])([A-Za-z]\w*)(?!\w*:)/g)].map((match) => match[1]!))
  const from = (file: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`import { ${names.join(', ')} } from '${file}'`]
  const wanted = [...used].filter((name) => !given.has(name))
  const ownFiles = new Map<string, string[]>()
  for (const name of wanted) {
    const file = own.get(name)
    if (file !== undefined) ownFiles.set(file, [...(ownFiles.get(file) ?? []), name])
  }
  const rest = wanted.filter((name) => !own.has(name))
  const commonNames = rest.filter((name) => COMMON.has(name))
  const languageNames = rest.filter((name) => !COMMON.has(name) && name in language)
  const types = rest.filter((name) => TYPES.includes(name)).map((name) => `type ${name}`)
  const testingNames = rest.filter((name) => !(name in language) && name in testing)
  return [
    ...[...ownFiles].flatMap(([file, names]) => from(file, names)),
    ...from(common, commonNames),
    ...from('millrace', [...languageNames, ...types]),
    ...from('millrace/testing', testingNames),
    text,
    `export { ${[...text.matchAll(/^(?:const|function|class) (\w+)/gm)].map((match) => match[1]).join(', ')} }`,
  ].join('\n')
}

const COMMON = new Set<string>()

/** Tells which names the common definitions export. */
export function setCommon(exported: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(exported)) if (dataOf(value) !== null) COMMON.add(name)
}
