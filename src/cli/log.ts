import { destination, type Logger, pino, stdTimeFunctions } from 'pino'
import type { LogLevel } from './config/loaded-config.ts'

interface LogLine {
  (message: string): void
  /** `fields` stand in the line beside the message; an Error under `err` is written with its stack and cause. */
  (fields: object, message: string): void
}

/** What millrace uses of pino's logger. */
export interface Log {
  readonly debug: LogLine
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
  /** The same log, with these fields in every line. */
  child(fields: object): Log
}

export interface LogOptions {
  /** Which process it is, in every line: `stream`. */
  readonly process: string
  readonly level: LogLevel
}

const HIDDEN = '***'

/** Fields that are never written, at the top of a line and up to two objects below. */
const SECRET_FIELDS = ['password', 'secret', 'accessToken', 'authorization', 'sasl']

/** User and password of a URL, wherever in a line it stands: in a message, a stack, a field. Passwords may have a `/`. */
const URL_LOGIN = /(\w:\/\/)[^\s"'<>]*@/g

/** A private key in PEM, its line ends escaped as in JSON. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="))/g

/**
 * Writes JSON lines on stdout: `{"level":"info","time":"...","process":"stream","pid":1,...,"msg":"..."}`, without secrets. Lines
 * are written in the background, and those that are left when the process ends by itself or by `process.exit`.
 */
export function createLog({ process: name, level }: LogOptions): Log {
  return logTo(destination({ fd: 1, sync: false }), { process: name, level })
}

/** The same into any stream. */
export function logTo(stream: { write(line: string): void }, { process: name, level }: LogOptions): Log {
  const logger: Logger = pino(
    {
      level,
      base: { process: name, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: HIDDEN,
      },
      hooks: {
        streamWrite: (line) => line.replace(URL_LOGIN, `$1${HIDDEN}@`).replace(PRIVATE_KEY, HIDDEN),
      },
    },
    stream,
  )
  return logger
}
