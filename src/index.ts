export { z } from 'zod'
export { type DebeziumOptions, debezium } from './features/debezium.ts'
export type { DebeziumEnvelope } from './features/debezium-envelope.ts'
export type { Decode, DecodeContext, DecodedRow } from './features/decode.ts'
export type { ArchiveOptions, Deprecated, Described, StreamOptions } from './features/definition.ts'
export { type Entity, type EntityOptions, entity } from './features/entity.ts'
export { featureGroup, type Group, type GroupOptions } from './features/feature-group.ts'
export { type DerivedValue, featureService, type ServiceOptions } from './features/feature-service.ts'
export type { PickedView, RoleView, View } from './features/feature-view.ts'
export { type MoneySchema, money } from './features/money.ts'
export { ratio } from './features/ratio.ts'
export type {
  Answered,
  EventIn,
  EventSeen,
  InputOf,
  Service,
  ServiceInput,
  Services,
  VectorIn,
  VectorOf,
} from './features/service-types.ts'
export { type ComputeOptions, type ComputeRow, type Source, type SourceOptions, source } from './features/source.ts'
export type { EventOf, Sources } from './features/source-types.ts'
export type { Aggregate, Over, Windowed } from './timeline/aggregate.ts'
export {
  avg,
  avgGap,
  changed,
  count,
  countDistinct,
  currentRun,
  decayedCount,
  decayedSum,
  distinctRatio,
  entropy,
  first,
  firstN,
  isNew,
  last,
  lastN,
  longestRun,
  max,
  maxGap,
  median,
  min,
  minGap,
  mode,
  percentile,
  percentiles,
  rate,
  stddev,
  sum,
  timeSince,
  timeSinceFirst,
  timeSinceLast,
  topK,
  trend,
  variance,
  zScore,
} from './timeline/aggregates/index.ts'
export type { Column, Integer, Keyed } from './timeline/column.ts'
export type { Duration } from './timeline/duration.ts'
export { and, eq, type Filter, gt, gte, inList, isNull, lt, lte, ne, not, or } from './timeline/filter.ts'
