import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** An authority of our own, and a certificate that it signed for `name` and 127.0.0.1. */
export interface Certificates {
  /** PEM of the authority. */
  readonly ca: string
  /** Files of the server. */
  readonly cert: string
  readonly key: string
}

/** Makes them with `openssl`, in `folder`. */
export function makeCertificates(folder: string, name: string): Certificates {
  const file = (end: string) => join(folder, end)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const days = ['-days', '2']
  openssl(
    'req',
    '-x509',
    ...key,
    ...days,
    '-subj',
    '/CN=test authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  )
  openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', file('server.key'), '-out', file('server.csr'))
  writeFileSync(file('names'), `subjectAltName=DNS:${name},IP:127.0.0.1`)
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial']
  openssl(
    'x509',
    '-req',
    ...signer,
    ...days,
    '-in',
    file('server.csr'),
    '-extfile',
    file('names'),
    '-out',
    file('server.pem'),
  )
  return { ca: readFileSync(file('ca.pem'), 'utf8'), cert: file('server.pem'), key: file('server.key') }
}
