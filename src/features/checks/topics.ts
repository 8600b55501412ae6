import type { Collected } from '../collect.ts'
import type { KindValue, SourceData } from '../definition.ts'
import { showValue } from '../event-error.ts'
import type { Problem } from '../problem.ts'
import { type Report, reportOn } from './report.ts'

/** The topic that brings a source's events: a source that names none has one of its own name, for what is sent by hand. */
export function topicOf(source: SourceData): string {
  return source.stream?.topic ?? source.name
}

/** The values of one field of a `where`, as a list. */
export function kindsOf(values: KindValue | readonly KindValue[]): readonly KindValue[] {
  return Array.isArray(values) ? values : [values as KindValue]
}

/** Checks that sources share a topic only where each takes events of its own, which one field of all of them tells apart. */
export function checkTopics(problems: Problem[], sources: readonly Collected<SourceData>[]): void {
  const seen = new Map<string, Collected<SourceData>[]>()
  for (const source of sources) {
    const topic: unknown = topicOf(source.data)
    // What is no name is told of the stream.
    if (typeof topic !== 'string') continue
    const others = seen.get(topic) ?? []
    const report = reportOn(problems, source).at('stream')
    if (others.every(({ data }) => checkPair(report, topic, source.data, data))) seen.set(topic, [...others, source])
  }
}

/** Answers false where two sources cannot share their topic. */
function checkPair(report: Report, topic: string, source: SourceData, other: SourceData): boolean {
  const [field, values] = whereOf(source)
  const [otherField, otherValues] = whereOf(other)
  const tell = (message: string, cure: string): false => {
    report.error(message, cure)
    return false
  }
  if (field === null || otherField === null) {
    return tell(
      `its topic '${topic}' is also that of source ${other.name}`,
      `give each source a topic of its own, as stream: { topic: ... }, or say which of its events each takes, as where: { kind: '...' }`,
    )
  }
  if (field !== otherField) {
    return tell(
      `its where looks at the field '${field}' of topic '${topic}', and that of source ${other.name} at '${otherField}'`,
      'name one field in both: an event must be of one source only',
    )
  }
  const twice = values.find((value) => otherValues.includes(value))
  if (twice !== undefined) {
    return tell(
      `its where takes ${field} ${showValue(twice)} of topic '${topic}', which source ${other.name} takes too`,
      'leave it to one of them',
    )
  }
  if (source.stream?.decode !== other.stream?.decode) {
    return tell(
      `its topic '${topic}' is also that of source ${other.name}, which decodes its messages otherwise`,
      'give both the same function, as const decode = ...',
    )
  }
  return true
}

function whereOf({ stream }: SourceData): readonly [field: string | null, values: readonly KindValue[]] {
  const [entry] = Object.entries(stream?.where ?? {})
  return entry === undefined ? [null, []] : [entry[0], kindsOf(entry[1])]
}
