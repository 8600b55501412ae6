import type { ServingCode } from '../serving-error.ts'

/** What can be wrong with a call, beside what is wrong with the question in it. */
export type ApiCode =
  | 'ROUTE_UNKNOWN'
  | 'METHOD_NOT_ALLOWED'
  | 'SOURCE_UNKNOWN'
  | 'SOURCE_NOT_STREAMED'
  | 'BODY_BROKEN'
  | 'BODY_JSON'
  | 'BODY_TOO_LARGE'
  | 'BODY_TYPE'
  | 'EVENTS_REJECTED'
  | 'INTAKE_FAILED'
  | 'INTERNAL'

/** Every code that an answer can carry as `error.code`, or a rejected event as `code`. */
export type HttpErrorCode = ApiCode | ServingCode | 'EVENT_JSON'

export interface HttpError {
  readonly status: 400 | 404 | 405 | 413 | 415 | 422 | 500 | 503
  /** What has happened, as a sentence without its full stop. */
  readonly meaning: string
  /** What the caller can do about it. */
  readonly cure: string
  /** After how many seconds the very same call may do better; absent: never. Sent as `Retry-After`. */
  readonly retry_s?: number
}

/**
 * The errors of the HTTP API, one line each. The message of an error names the field and the value; this says what the code means
 * in general. A batch answers errors by row, with the codes of single requests and the status 200.
 */
export const HTTP_ERRORS: Readonly<Record<HttpErrorCode, HttpError>> = {
  BODY_BROKEN: {
    status: 400,
    meaning: 'the connection ended before the body did',
    cure: 'send it again: events that were stored count once',
  },
  ROUTE_UNKNOWN: { status: 404, meaning: 'there is nothing at the path', cure: 'see /openapi.json for what there is' },
  SERVICE_UNKNOWN: {
    status: 404,
    meaning: 'no service has the name in the path',
    cure: 'see /v1/catalogue for the services, or deploy the definitions that have it',
  },
  FEATURE_UNKNOWN: {
    status: 404,
    meaning: 'no feature is served by the name in the path',
    cure: 'send a served name with its window, as card_velocity__spend_7d: /v1/catalogue has them all',
  },
  SOURCE_UNKNOWN: {
    status: 404,
    meaning: 'no source has the name in the path',
    cure: 'see /v1/catalogue for the sources',
  },
  SOURCE_NOT_STREAMED: {
    status: 404,
    meaning: 'the source has no stream, so it takes no new events',
    cure: "give the source a stream: { topic: '...' }, or load its archive",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    meaning: 'the path is there, but takes another method',
    cure: 'use one of those that the Allow header names',
  },
  BODY_TOO_LARGE: {
    status: 413,
    meaning: 'the body has more bytes, rows or events than one call may have',
    cure: 'send it in parts',
  },
  BODY_TYPE: {
    status: 415,
    meaning: 'the content type or encoding of the body is not read',
    cure: 'send JSON (or NDJSON for events) in UTF-8, not compressed',
  },
  BODY_JSON: {
    status: 422,
    meaning: 'the body is not JSON in UTF-8, or empty',
    cure: 'send the JSON that the route takes: the message names the place where it stops being JSON',
  },
  REQUEST_SHAPE: {
    status: 422,
    meaning: 'the request, or a part of it, is another kind of JSON value than it must be',
    cure: 'send an object or a list there, as the route is described',
  },
  FIELD_UNKNOWN: {
    status: 422,
    meaning: 'the request has a field, a key or a parameter that is not known here',
    cure: 'leave it out, or write it as it is defined',
  },
  FIELD_MISSING: {
    status: 422,
    meaning: 'the request lacks a field that is needed',
    cure: 'send it; a key part that is not known is sent as null',
  },
  FIELD_VALUE: {
    status: 422,
    meaning: 'a field or a parameter has a value that it cannot have',
    cure: 'send a value as the message says',
  },
  VECTOR_UNFIT: {
    status: 422,
    meaning: 'the service has a value that is not a number, so it cannot be answered in vector mode',
    cure: 'ask for a service that leaves that value out, or ask with format=object',
  },
  EVENT_JSON: { status: 422, meaning: 'a line of NDJSON is not JSON', cure: 'send one JSON object a line' },
  EVENT_SHAPE: {
    status: 422,
    meaning: 'an event is no JSON object, nested too deep, or longer than a message of the log may be',
    cure: 'send an object with a field for each column of the source',
  },
  EVENT_MISSING: {
    status: 422,
    meaning: 'an event lacks a column that must not be null',
    cure: 'send the column, or define it as .nullable()',
  },
  EVENT_TYPE: {
    status: 422,
    meaning: 'a value of an event or a key is of another type than its column',
    cure: 'send it in the type that the source defines',
  },
  EVENT_VALUE: {
    status: 422,
    meaning: 'a value of an event or a key is of the right type, but the source does not allow it',
    cure: 'send a value that the schema of the source allows',
  },
  EVENT_KIND: {
    status: 422,
    meaning: 'the event is of a kind that the source does not take, or says of none, though the topic has several',
    cure: 'send it to the source of its kind, with the field that the message names',
  },
  EVENT_DECODE: {
    status: 422,
    meaning: "the source's decode cannot make an event of the message",
    cure: 'send the message as the topic has it: what the decode says of it is in the message of the error',
  },
  EVENT_OUTCOME: {
    status: 422,
    meaning: 'an event that is being scored gives an outcome, which is not known yet',
    cure: 'leave the outcome columns out',
  },
  EVENTS_REJECTED: {
    status: 422,
    meaning: 'none of the events was accepted: `rejected` says why, one by one',
    cure: 'mend the events and send them again',
  },
  INTERNAL: {
    status: 500,
    meaning: 'millrace failed: nothing is wrong with the request',
    cure: 'look into the log of millrace, which has the failure, and report it',
  },
  STORE_FAILED: {
    status: 503,
    meaning: 'the online store could not be read',
    cure: 'ask again: nothing is wrong with the request',
    retry_s: 1,
  },
  NOT_READY: {
    status: 503,
    meaning: 'the online store does not know these definitions yet',
    cure: 'start the stream or a backfill with these definitions: either registers them',
    retry_s: 1,
  },
  INTAKE_FAILED: {
    status: 503,
    meaning: 'the log did not take the events',
    cure: 'send them all again: those that were stored count once',
    retry_s: 1,
  },
}
