import { jsonFaultText } from '../../serving/http/json-fault.ts'
import { RecordError } from './event-chunk.ts'

/** The value of a line of JSON, or what is wrong with it. */
export function jsonLine(text: string): unknown | RecordError {
  try {
    return JSON.parse(text)
  } catch {
    return new RecordError(`the line is not JSON: ${jsonFaultText(text).replace('line 1, ', '')}`)
  }
}
