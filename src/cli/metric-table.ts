/** One metric, as it is documented. Units are Prometheus' base units: seconds, bytes. */
export interface MetricEntry {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  /** A sentence for whoever reads it on a dashboard. */
  readonly text: string
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[]
}

const STORE_SECONDS = [0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const REQUEST_SECONDS = [0.000_5, 0.001, 0.002, 0.003, 0.005, 0.007_5, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const INSERT_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** From 1 ms to 1 h, twice to three times apart: a late event is as real as a quick one. */
const FRESHNESS_SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600,
]
const BATCH_EVENTS = [1, 5, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000]

/** All that millrace tells of itself at `/metrics`, beside what every Node process does (`process_...`, `nodejs_...`). */
export const METRICS = {
  info: {
    name: 'millrace_info',
    type: 'gauge',
    labels: ['process', 'version'],
    text: 'Always 1: which process this is, and its version.',
  },
  streamLagEvents: {
    name: 'millrace_stream_lag_events',
    type: 'gauge',
    labels: ['source', 'partition'],
    text: 'Events of a partition that are in the log and not yet carried on; only of partitions that this process reads.',
  },
  streamLagSeconds: {
    name: 'millrace_stream_lag_seconds',
    type: 'gauge',
    labels: ['source'],
    text: 'How long the oldest event that is not yet carried on has been in the log, or may have been where the log does not answer; 0 where all are.',
  },
  watermark: {
    name: 'millrace_watermark_seconds',
    type: 'gauge',
    labels: ['source'],
    text: 'Every event that reached the log before this instant (epoch seconds) is counted.',
  },
  watermarkAge: {
    name: 'millrace_watermark_age_seconds',
    type: 'gauge',
    labels: ['source'],
    text: 'How far the watermark is behind the clock, when it is asked for: it grows also where the process is stuck.',
  },
  rowsWritten: {
    name: 'millrace_rows_written_total',
    type: 'counter',
    labels: ['source'],
    text: 'Rows written to timelines by the stream: an event has one for each of its timelines.',
  },
  events: {
    name: 'millrace_events_total',
    type: 'counter',
    labels: ['source', 'road'],
    text: 'Events that went a road: stream (log to online store), archive (log to archive), api (API to log).',
  },
  batchEvents: {
    name: 'millrace_batch_events',
    type: 'histogram',
    labels: ['source'],
    text: 'Events in a batch that was carried on.',
    buckets: BATCH_EVENTS,
  },
  storeSeconds: {
    name: 'millrace_store_seconds',
    type: 'histogram',
    labels: ['operation'],
    text: 'How long calls of the online store took, also those that failed: read, append, swap.',
    buckets: STORE_SECONDS,
  },
  storeFailures: {
    name: 'millrace_store_failures_total',
    type: 'counter',
    labels: ['operation'],
    text: 'Calls of the online store that failed.',
  },
  archiveInsertSeconds: {
    name: 'millrace_archive_insert_seconds',
    type: 'histogram',
    labels: [],
    text: 'How long inserts into the archive took.',
    buckets: INSERT_SECONDS,
  },
  rejected: {
    name: 'millrace_rejected_total',
    type: 'counter',
    labels: ['source'],
    text: 'Events that the API refused: their sender was told why.',
  },
  quarantined: {
    name: 'millrace_quarantined_total',
    type: 'counter',
    labels: ['source'],
    text: 'Events of the log that are no valid events: kept aside, counted in no feature.',
  },
  passedOver: {
    name: 'millrace_passed_over_total',
    type: 'counter',
    labels: ['source'],
    text: 'Messages of a topic that gave a source no event: they are of another kind, or its decode says that they hold none.',
  },
  computeFailures: {
    name: 'millrace_compute_failures_total',
    type: 'counter',
    labels: ['source', 'column'],
    text: 'Times that the function of a computed column threw, or gave what the column does not take: it is null there.',
  },
  conflicts: {
    name: 'millrace_conflicts_total',
    type: 'counter',
    labels: ['source'],
    text: 'Copies of one event that have the same version and differ: one of them wins everywhere, yet its sender errs.',
  },
  gaps: {
    name: 'millrace_gaps_total',
    type: 'counter',
    labels: ['source'],
    text: 'Times that the log had lost what came next: the timelines are incomplete until they are back-filled.',
  },
  archiveMissing: {
    name: 'millrace_archive_missing_events',
    type: 'gauge',
    labels: ['source'],
    text: 'Events that the archive lacks, as the log lost them before they were archived: status names them. Told by `archive`.',
  },
  freshness: {
    name: 'millrace_freshness_seconds',
    type: 'histogram',
    labels: ['source'],
    text: 'From the time of an event until features count it; events that come late are in it too.',
    buckets: FRESHNESS_SECONDS,
  },
  requestSeconds: {
    name: 'millrace_requests_seconds',
    type: 'histogram',
    labels: ['service', 'status'],
    text: 'How long requests for vectors took, by service and HTTP status.',
    buckets: REQUEST_SECONDS,
  },
  backfillRows: {
    name: 'millrace_backfill_rows_total',
    type: 'counter',
    labels: ['timeline'],
    text: 'Rows that backfills wrote.',
  },
  backfillParts: {
    name: 'millrace_backfill_parts',
    type: 'gauge',
    labels: ['timeline', 'state'],
    text: 'Parts of the backfill of a timeline: waiting, running, done, failed.',
  },
  coverageOk: {
    name: 'millrace_coverage_ok',
    type: 'gauge',
    labels: ['timeline'],
    text: '1 where a timeline is complete as far back as its windows need, else 0: its features are incomplete.',
  },
} as const satisfies Record<string, MetricEntry>
