import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const POM = join(import.meta.dirname, 'kafka-pom.xml')

/** Where the servers' programs and data are; not in git. */
export const SERVICES_FOLDER = resolve(import.meta.dirname, '../../.services')

/** The folder of the broker's jars, fetched from Maven Central where they are not there yet. Throws a sentence where they cannot be had. */
export async function kafkaJars(): Promise<string> {
  const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(await readFile(POM, 'utf8'))![1]!
  const jars = join(SERVICES_FOLDER, `kafka-${version}-jars`)
  if (existsSync(jars)) return jars
  await needs('java', ['-version'], 'Kafka needs Java 17 or newer: install openjdk-17-jre-headless')
  await needs('mvn', ['-v'], "Kafka's jars are fetched by Maven: install maven")
  await mkdir(SERVICES_FOLDER, { recursive: true })
  const folder = await mkdtemp(join(SERVICES_FOLDER, 'kafka-jars-'))
  try {
    await run('mvn', ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`])
    // Whoever comes first wins: the others have fetched the same.
    await rename(folder, jars).catch((error: unknown) => {
      if (!existsSync(jars)) throw error
    })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new Error(`Kafka's jars could not be fetched from Maven Central: ${text.slice(0, 500)}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return jars
}

async function needs(program: string, args: readonly string[], sentence: string): Promise<void> {
  try {
    await run(program, args)
  } catch {
    throw new Error(sentence)
  }
}
