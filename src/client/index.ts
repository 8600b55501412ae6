export type {
  Answer,
  BatchRow,
  FeatureStatus,
  RefusedRow,
  RejectedEvent,
  Taken,
  VectorAnswer,
  VectorForm,
} from './answer.ts'
export { type Client, createClient } from './client.ts'
export type { CallOptions, CallSettings, ClientOptions, Retry, VectorOptions } from './client-options.ts'
export type { AnyVector, FeaturesOf, RequestOf, ServiceName, SourceEvent, SourceName } from './definition-types.ts'
export { type ClientCode, MillraceError, type MillraceErrorCode } from './millrace-error.ts'
