/** An exception as ClickHouse would throw it. */
export class FrontError extends Error {
  readonly code: number
  constructor(code: number, type: string, message: string) {
    super(`Code: ${code}. DB::Exception: ${message}. (${type})`)
    this.code = code
  }
}

/** Statuses of ClickHouse by exception code, as its HTTP handler has them; 500 for all others. */
const STATUSES: ReadonlyMap<number, number> = new Map([
  ...[194].map((code) => [code, 401] as const),
  ...[192, 193, 516].map((code) => [code, 403] as const),
  ...[6, 26, 27, 36, 38, 41, 42, 43, 44, 47, 53, 62, 69, 70, 72].map((code) => [code, 400] as const),
  ...[46, 50, 60, 63, 81, 115].map((code) => [code, 404] as const),
  ...[48].map((code) => [code, 501] as const),
  ...[159].map((code) => [code, 408] as const),
  ...[76, 203, 209, 439].map((code) => [code, 503] as const),
])

/** The code and text of whatever was thrown, and the status that goes with it. */
export function exceptionOf(error: unknown, version: string): { code: number; status: number; text: string } {
  const message = (error instanceof Error ? error.message : String(error)).trim()
  const found = /Code: (\d+)\./.exec(message)
  const code = found === null ? 1002 : Number(found[1])
  const whole =
    found === null ? `Code: ${code}. DB::Exception: ${message}. (UNKNOWN_EXCEPTION)` : message.slice(found.index)
  return { code, status: STATUSES.get(code) ?? 500, text: `${whole} (version ${version} (official build))\n` }
}
