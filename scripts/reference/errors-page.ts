import { EXIT } from '../../src/cli/exit-code.ts'
import { HTTP_ERRORS } from '../../src/serving/http/error-table.ts'
import { page, sentence, table } from './markdown.ts'

const INTRODUCTION = `An error says in a sentence which field has which value, and what to write instead; its code is for programs. Nothing that was refused has
changed anything.`

const HTTP = `## Over HTTP

\`\`\`json
{ "error": { "code": "EVENT_VALUE", "field": "event.amount", "value": "\\"1.005\\"", "message": "amount: \\"1.005\\" has more than 2 decimals: money at scale 2 is never rounded", "cure": "send an amount with at most 2 decimals" } }
\`\`\`

Every problem has this form, also those of rows in a batch and, with their \`index\`, of rejected events. \`field\` is null where the whole is meant, \`value\` where
nothing stands there; a value is shortened. A call may be repeated where the answer has \`Retry-After\`.`

const EXITS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'all is well',
  failed: 'the work failed, or a part of it was refused',
  usage: 'the command line is wrong, and nothing was done',
  definitions: 'the definitions have errors',
  interrupted: 'it was ended by Ctrl-C',
}

const BACKFILLS = {
  ARCHIVE_HOLE: 'the archive lacks events that the log had: load them, then run the backfill again',
  TOPIC_REPLACED: 'the topic was deleted and made anew: renew it with `millrace renew`, then run the backfill again',
  ARCHIVE_LAGS: 'the archive lacks events that it should have by its `lag`: wait, or give it a longer one',
  ARCHIVE_CHANGED: 'the archive changed while it was read: run the backfill again',
  STORE_CHANGED: 'the online store lost rows while they were written: run the backfill again',
  NO_ARCHIVE: 'the source has no archive, so its timelines fill as events arrive',
} as const

/** Every error code and exit code. */
export function errorsPage(): string {
  const http = Object.entries(HTTP_ERRORS).map(([code, { status, meaning, cure, retry_s }]) => [
    `\`${code}\``,
    String(status),
    sentence(meaning),
    sentence(cure),
    retry_s === undefined ? '' : `after ${retry_s} s`,
  ])
  const exits = Object.entries(EXIT).map(([name, code]) => [String(code), sentence(EXITS[name as keyof typeof EXIT])])
  const backfills = Object.entries(BACKFILLS).map(([code, text]) => [`\`${code}\``, sentence(text)])
  return page(
    'Errors',
    INTRODUCTION,
    HTTP,
    table(['code', 'status', 'what has happened', 'what to do', 'again'], http),
    `## Of a command\n\n${table(['exit code', 'when'], exits)}`,
    `## Of a backfill\n\n${table(['code', 'what to do'], backfills)}`,
  )
}
