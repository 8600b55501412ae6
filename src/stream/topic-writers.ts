import type { SourceModel } from '../features/model.ts'
import { asWritten } from '../stores/timeline-registry.ts'
import { TimelineWriter } from '../stores/timeline-writer.ts'
import type { StreamTimeline } from './topic-stream-options.ts'

/** By source, the writers of its timelines. */
export type TopicWriters = ReadonlyMap<SourceModel, readonly TimelineWriter[]>

/** Each writes the fullest schema that its definitions can. */
export function writersOf(sources: readonly SourceModel[], timelines: readonly StreamTimeline[]): TopicWriters {
  const of = (source: SourceModel) => timelines.filter(({ timeline }) => timeline.source === source)
  const writer = ({ timeline, record }: StreamTimeline) => new TimelineWriter(timeline, asWritten(record, timeline))
  return new Map(sources.map((source) => [source, of(source).map(writer)]))
}

/** Bytes of rows that wait to be taken. */
export function pendingBytes(writers: TopicWriters): number {
  let bytes = 0
  for (const own of writers.values()) for (const writer of own) bytes += writer.bytes
  return bytes
}
