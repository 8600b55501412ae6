import type { KindValue } from './definition.ts'
import { kindReader } from './message-reader.ts'
import type { ParsedEvent, SourceModel } from './model.ts'

/** What a message is to one of the sources of its topic. */
export type Outcome =
  | { readonly source: SourceModel; readonly events: readonly ParsedEvent[]; readonly refusal: null }
  /** It is kept aside under this source, for this reason. */
  | { readonly source: SourceModel; readonly events: null; readonly refusal: string }

/**
 * Finds out which of a topic's sources a message is for. Nothing is told of those to which it gives no event. Where nobody can say what
 * it is, it is the first one's, by name, to keep aside.
 */
export type TopicRouter = (message: Uint8Array) => readonly Outcome[]

/** The sources of each topic from which some source takes events, by name. */
export function streamedTopics(sources: Iterable<SourceModel>): Map<string, readonly SourceModel[]> {
  const topics = new Map<string, SourceModel[]>()
  for (const source of sources) {
    if (source.streamed) topics.set(source.topic, [...(topics.get(source.topic) ?? []), source])
  }
  for (const sharing of topics.values()) sharing.sort((a, b) => (a.name < b.name ? -1 : 1))
  return topics
}

/** `sources`: all of one topic, by name. */
export function topicRouter(sources: readonly SourceModel[]): TopicRouter {
  const [first] = sources as readonly [SourceModel, ...SourceModel[]]
  const { where, topic } = first
  if (first.decoded) return (message) => decodedOutcomes(sources, message)
  if (where === null) return (message) => outcomesOf(first, () => first.messages.read(message))
  const kindOf = kindReader(topic, where.field)
  const takers = new Map<KindValue, SourceModel>()
  for (const source of sources) for (const value of source.where!.values) takers.set(value, source)
  return (message) => {
    let taker: SourceModel | undefined
    try {
      taker = takers.get(kindOf(message))
    } catch (error) {
      return [refused(first, error)]
    }
    return taker === undefined ? [] : outcomesOf(taker, () => [taker.parser.parseBytes(message)])
  }
}

function outcomesOf(source: SourceModel, read: () => readonly ParsedEvent[]): readonly Outcome[] {
  try {
    const events = read()
    return events.length === 0 ? [] : [{ source, events, refusal: null }]
  } catch (error) {
    return [refused(source, error)]
  }
}

/** A message that several sources refuse is kept aside once. */
function decodedOutcomes(sources: readonly SourceModel[], message: Uint8Array): readonly Outcome[] {
  const outcomes = sources.flatMap((source) => outcomesOf(source, () => source.messages.read(message)))
  const refusal = outcomes.find(({ events }) => events === null)
  return outcomes.filter((outcome) => outcome.events !== null || outcome === refusal)
}

function refused(source: SourceModel, error: unknown): Outcome {
  return { source, events: null, refusal: error instanceof Error ? error.message : String(error) }
}
