import type { Described } from '../definition.ts'
import type { Report } from './report.ts'

/** Checks what a definition says for people. */
export function checkDescribed(report: Report, { description, owner, tags }: Described): void {
  for (const [option, value] of Object.entries({ description, owner })) {
    if (value !== undefined && typeof value !== 'string') {
      report.at(option).error(`${option} is not a text`, `write it in quotes, as ${option}: 'payments-platform'`)
    }
  }
  const listed = tags === undefined || (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))
  if (!listed) report.at('tags').error('tags is not a list of texts', `write them as tags: ['pci']`)
}
