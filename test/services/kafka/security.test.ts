import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../../../scripts/servers/port.ts'
import { readAll } from '../../stores/log-messages.ts'
import { type KafkaBrokers, startBrokers } from './kafka-broker.ts'

const PASSWORD = 'a secret of alice'
const MECHANISMS = ['scram-sha-256', 'scram-sha-512'] as const

let brokers: KafkaBrokers
let folder: string
let ca: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate],
  ])
  ca = await readFile(certificate, 'utf8')
  const store = join(folder, 'store.pem')
  await writeFile(store, `${await readFile(key, 'utf8')}${ca}`)
  const users = MECHANISMS.map((mechanism) => `${mechanism.toUpperCase()}=[name=alice,password="${PASSWORD}"]`)
  const login = 'org.apache.kafka.common.security.scram.ScramLoginModule required'
  const [own] = await freePorts(1)
  brokers = await startBrokers({
    format: users.flatMap((user) => ['--add-scram', user]),
    properties: (node) => ({
      // Clients come by the encrypted listener, the broker talks to itself by another.
      listeners: `CLIENT://127.0.0.1:${node.port},OWN://127.0.0.1:${own},CONTROLLER://127.0.0.1:${node.controllerPort}`,
      'advertised.listeners': `CLIENT://127.0.0.1:${node.port},OWN://127.0.0.1:${own}`,
      'inter.broker.listener.name': 'OWN',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,OWN:PLAINTEXT,CLIENT:SASL_SSL',
      'sasl.enabled.mechanisms': MECHANISMS.map((mechanism) => mechanism.toUpperCase()).join(','),
      'listener.name.client.scram-sha-256.sasl.jaas.config': `${login};`,
      'listener.name.client.scram-sha-512.sasl.jaas.config': `${login};`,
      'listener.name.client.ssl.keystore.type': 'PEM',
      'listener.name.client.ssl.keystore.location': store,
    }),
  })
})
afterAll(async () => {
  await brokers?.dispose()
  await rm(folder, { recursive: true, force: true })
})

describe('a broker that wants TLS and SASL/SCRAM', () => {
  it.each(MECHANISMS)('is written, read and committed to by %s', async (mechanism) => {
    const log = brokers.log({ ssl: { ca }, sasl: { mechanism, username: 'alice', password: PASSWORD } })
    await log.ensureTopic(mechanism, 2)
    await log.append(mechanism, [{ key: 'k', value: Buffer.from('encrypted') }])
    const [end] = (await log.ranges(mechanism)).filter((range) => range.end > 0)
    expect((await readAll(log, mechanism, end!.partition, 0)).texts).toEqual(['encrypted'])
    expect(await log.assigned('g', mechanism)).toEqual([0, 1])
    await log.commit('g', mechanism, new Map([[end!.partition, 1]]))
    expect(await log.committed('g', mechanism)).toEqual(new Map([[end!.partition, 1]]))
    await log.close()
  })

  it.each([
    ['a wrong password', () => ({ ssl: { ca }, password: 'guessed' }), /Authentication failed/i],
    ['a certificate of nobody we know', () => ({ ssl: true, password: PASSWORD }), /self-signed certificate/],
  ])('refuses %s with the reason', async (_, wrong, message) => {
    const { ssl, password } = wrong()
    const log = brokers.log({ ssl, sasl: { mechanism: 'scram-sha-512', username: 'alice', password } })
    await expect(log.topics()).rejects.toThrow(message)
    await log.close()
  })
})
