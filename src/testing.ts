export { EventError } from './features/event-error.ts'
export type { EventOf } from './features/source-types.ts'
export { type About, about, assertVector, VectorError } from './testing/assert-vector.ts'
export { ago, ahead, build, clockAt, NOW, type TestClock } from './testing/clock.ts'
export type { EventBehind, ExplainedValue, PassedOver } from './testing/event-behind.ts'
export type { EventBuilder, Some } from './testing/event-builder.ts'
export { type Given, type GivenOver, given, replay } from './testing/given.ts'
export type { Replayed } from './testing/replay.ts'
export type { VectorAnswer } from './testing/vector-answer.ts'
export {
  type ChangedEvent,
  type MovedEvent,
  type ValueDiff,
  type VectorDiff,
  vectorDiff,
} from './testing/vector-diff.ts'
