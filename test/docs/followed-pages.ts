/** Where a reader of a page begins: a checkout of millrace, a project as the quick start makes it, or that with its past events loaded. */
export type Beginning = 'checkout' | 'new' | 'loaded'

/** Pages that are followed from the first line to the last: all that have a line for the shell. */
export const FOLLOWED: ReadonlyMap<string, Beginning> = new Map([
  ['README.md', 'checkout'],
  ['docs/start/quick-start.md', 'checkout'],
  ['docs/concepts/coverage.md', 'loaded'],
  ['docs/guides/asking-for-features.md', 'loaded'],
  ['docs/guides/loading-data.md', 'new'],
  ['docs/recipes/changing-a-feature-safely.md', 'loaded'],
  ['docs/recipes/loading-past-data.md', 'new'],
  ['docs/reference/client.md', 'checkout'],
])

/** Pages whose files stand beside those that `millrace init` makes. */
export function isInProject(page: string): boolean {
  return page === 'docs/start/quick-start.md' || ['new', 'loaded'].includes(FOLLOWED.get(page) ?? '')
}
