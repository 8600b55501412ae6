import { describe, expect, it } from 'vitest'
import { parseRedisUrl } from '../../../src/stores/online/redis/redis-url.ts'

const at = (host: string, port: number) => ({ host, port })
const PLAIN = { kind: 'single', tls: false, user: null, password: null, database: 0, master: null }

describe('the URL of Redis', () => {
  it.each([
    ['redis://localhost', { addresses: [at('localhost', 6379)] }],
    ['redis://10.0.0.1:7000/3', { addresses: [at('10.0.0.1', 7000)], database: 3 }],
    ['redis://[::1]:7000', { addresses: [at('::1', 7000)] }],
    ['rediss://r.example', { addresses: [at('r.example', 6379)], tls: true }],
    ['redis://:secret@h', { addresses: [at('h', 6379)], password: 'secret' }],
    ['redis://fraud:p%40ss%2F%3A@h/', { addresses: [at('h', 6379)], user: 'fraud', password: 'p@ss/:' }],
    ['redis://h:7000?cluster=1', { kind: 'cluster', addresses: [at('h', 7000)] }],
    ['redis://h?cluster=0', { addresses: [at('h', 6379)] }],
    [
      'rediss+cluster://u:p@a,b:7001',
      { kind: 'cluster', addresses: [at('a', 6379), at('b', 7001)], tls: true, user: 'u', password: 'p' },
    ],
    [
      'redis+sentinel://a,b:7001/main/2',
      { kind: 'sentinel', addresses: [at('a', 26379), at('b', 7001)], master: 'main', database: 2 },
    ],
  ])('%s', (url, place) => {
    expect(parseRedisUrl(url)).toEqual({ ...PLAIN, ...place })
  })

  it.each([
    ['http://h', /its form is redis:\/\//],
    ['redis://', /its form is redis:\/\//],
    ['redis://user:p@ss@h', /its form is redis:\/\//],
    ['redis://secret@h', /a user but no password/],
    ['redis://u:100%@h', /the password in it is not percent-encoded/],
    ['redis://h:0', /a port of 1 to 65535/],
    ['redis://h:70000', /a port of 1 to 65535/],
    ['redis://h:x', /a port of 1 to 65535/],
    ['redis://a,b', /several hosts: write redis\+cluster/],
    ['redis://h/1/2', /too many parts/],
    ['redis://h/one', /its database is no number/],
    ['redis+cluster://h/1', /database 0 only/],
    ['redis+sentinel://h', /lacks the master's name/],
    ['redis+sentinel://h/m?cluster=1', /a cluster and for sentinels/],
    ['redis://h?db=1', /only cluster=1 is known/],
  ])('%s is refused', (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(message)
    expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ code: 'URL', retryable: false }))
  })

  it.each([
    'redis://u:hunter2',
    'redis://u:hunter2@h:x',
    'redis://hunter2@h',
    'redis://u:hunter2%@h',
    'redis://u:hun/ter2/x/y',
  ])('%s is refused without telling the password', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hun') }))
  })
})
