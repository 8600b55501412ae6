import type { ColumnType } from '../timeline/column-type.ts'
import type { Report } from './checks/report.ts'
import { reportOn } from './checks/report.ts'
import type { Definitions } from './collect.ts'
import type { Model, SourceModel } from './model.ts'
import type { Problem } from './problem.ts'

/** A table as the archive describes it: its columns with their types. Null: there is none. */
export type DescribeTable = (
  table: string,
) => Promise<{ readonly columns: ReadonlyMap<string, { readonly type: string }> } | null>

/** Says why a column of the archive cannot carry ours, with a cure; null where it can. The archive's adapter knows. */
export type ArchiveTypeProblem = (
  column: { readonly name: string; readonly type: ColumnType; readonly nullable: boolean },
  archiveType: string,
  role: { readonly isTime: boolean; readonly precision: 'ms' | 's' },
) => string | null

/** The columns by which a table is known as one that millrace made: where a row came from, its place there, when it arrived. */
const PROVENANCE = ['_origin', '_sequence', '_arrived_ms']

/**
 * What is wrong between the sources and their archive tables. A table that is not there is no problem, as it is created, but for
 * one that somebody else fills (its source gives the `lag`).
 */
export async function checkArchive(
  definitions: Definitions,
  model: Model,
  describe: DescribeTable,
  typeProblem: ArchiveTypeProblem,
): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const definition of definitions.sources) {
    const source = model.sources.get(definition.data.name)
    if (source === undefined || source.archive === null) continue
    await checkTable(
      reportOn(problems, definition).at('archive', 'table'),
      source,
      source.archive,
      describe,
      typeProblem,
    )
  }
  return problems
}

async function checkTable(
  report: Report,
  source: SourceModel,
  { table, lag_ms }: NonNullable<SourceModel['archive']>,
  describe: DescribeTable,
  typeProblem: ArchiveTypeProblem,
): Promise<void> {
  const found = await describe(table)
  if (found === null) {
    if (lag_ms === null) return
    const cure = 'correct archive.table, or leave archive.lag out to have it created'
    report.error(`the archive has no table ${table}, which is filled by others as archive.lag says`, cure)
    return
  }
  const isOurs = PROVENANCE.every((column) => found.columns.has(column))
  for (const [number, { name, archiveName, type, nullable }] of source.raw.entries()) {
    const column = found.columns.get(archiveName)
    if (column === undefined && isOurs) {
      // Columns that events may lack are added by millrace to tables that it made itself.
      if (nullable) continue
      const message = `the archive table ${table} has events without the new column '${archiveName}'`
      report.error(message, 'let it be absent, with .optional()')
      continue
    }
    if (column === undefined) {
      const cure = `add the column, or say which one it is, as archive: { columns: { ${name}: '...' } }`
      report.error(`the archive table ${table} has no column '${archiveName}'`, cure)
      continue
    }
    const role = { isTime: number === source.time, precision: source.precision }
    const problem = typeProblem({ name: archiveName, type, nullable }, column.type, role)
    if (problem === null) continue
    report.error(`table ${table}: ${problem}`, 'or map another column of the table, by archive: { columns: ... }')
  }
}
