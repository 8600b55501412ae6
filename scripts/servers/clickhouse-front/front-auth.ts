import type { IncomingMessage } from 'node:http'

/** Who may ask. */
export interface FrontAccount {
  readonly user: string
  readonly password: string
  readonly token?: string | undefined
}

/** Whether a request comes from the one user: by basic authentication, token, headers or URL, in ClickHouse's order. */
export function isAllowed(request: IncomingMessage, url: URL, account: FrontAccount): boolean {
  const authorization = request.headers.authorization
  if (authorization?.startsWith('Bearer '))
    return account.token !== undefined && authorization.slice(7) === account.token
  if (authorization?.startsWith('Basic ')) {
    const given = Buffer.from(authorization.slice(6), 'base64').toString('utf8')
    return given === `${account.user}:${account.password}`
  }
  const user = request.headers['x-clickhouse-user'] ?? url.searchParams.get('user') ?? 'default'
  const password = request.headers['x-clickhouse-key'] ?? url.searchParams.get('password') ?? ''
  return user === account.user && password === account.password
}
