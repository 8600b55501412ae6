import { type CodeBlock, codeBlocks } from './code-blocks.ts'

/** A block that a test of its own judges. */
interface Judged {
  readonly page: string
  /** Its first words. */
  readonly begins: string
  /** The test. */
  readonly by: string
}

/** Blocks that are neither compiled nor followed with their page, by a name: each has a test that runs or compares it. */
export const JUDGED = {
  'list of folders': {
    page: 'README.md',
    begins: 'feature-defs/     definitions',
    by: 'test/project/readme.test.ts',
  },
  'commands over servers': {
    page: 'README.md',
    begins: 'npx millrace stream  ',
    by: 'test/services/docs.test.ts',
  },
  'servers by Docker': {
    page: 'docs/operation/servers.md',
    begins: 'docker compose up',
    by: 'test/services/docs.test.ts',
  },
  'servers without Docker': {
    page: 'docs/operation/servers.md',
    begins: 'scripts/services install',
    by: 'test/services/docs.test.ts',
  },
  'hole in the archive': {
    page: 'docs/operation/running.md',
    begins: 'CREATE TABLE IF NOT EXISTS millrace_skipped',
    by: 'test/services/docs.test.ts',
  },
  'hole of a shared topic': {
    page: 'docs/concepts/events.md',
    begins: 'CREATE TABLE IF NOT EXISTS millrace_passed',
    by: 'test/services/docs.test.ts',
  },
  'failed assertion': {
    page: 'docs/guides/testing-features.md',
    begins: 'checkout_risk at 2026-01-15',
    by: 'test/docs/judged-blocks.test.ts',
  },
  'alert rules': { page: 'docs/operation/alerts.md', begins: 'groups:', by: 'test/docs/judged-blocks.test.ts' },
  refusal: { page: 'docs/reference/errors.md', begins: '{ "error":', by: 'test/docs/judged-blocks.test.ts' },
} as const satisfies Readonly<Record<string, Judged>>

const entries: readonly Judged[] = Object.values(JUDGED)

/** The test that judges a block; null: none does. */
export function judgeOf({ page, text }: CodeBlock): string | null {
  return entries.find((one) => one.page === page && text.startsWith(one.begins))?.by ?? null
}

/** A block by its name here. Throws where the page has none, or more than one. */
export function judgedBlock(name: keyof typeof JUDGED): CodeBlock {
  const { page, begins } = JUDGED[name]
  const found = codeBlocks(page).filter(({ text }) => text.startsWith(begins))
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks that begin with '${begins}'`)
  return found[0]!
}
