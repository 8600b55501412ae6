interface Route {
  readonly method: string
  readonly path: string
}

/** The methods that routes take at a path: a call with another one is answered 405, not 404. */
export function allowedMethods(routes: readonly Route[], path: string): string[] {
  const methods = routes
    .filter((route) => route.method !== 'ALL' && matches(route.path, path))
    .map(({ method }) => method)
  return [...new Set(methods)].sort()
}

/** Whether a path is of a pattern as `/v1/services/:service`. */
function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('/')
  const given = path.split('/')
  return (
    parts.length === given.length && parts.every((part, i) => part === given[i] || (part[0] === ':' && given[i] !== ''))
  )
}
