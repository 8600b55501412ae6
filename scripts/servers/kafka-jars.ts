import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { installProgram } from './debian-package.ts'
import { PROGRAMS_FOLDER } from './place.ts'

const POM = join(import.meta.dirname, 'kafka-pom.xml')

/** The folder of the broker's jars, whether they are there or not. */
export function kafkaJarsFolder(): string {
  const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(readFileSync(POM, 'utf8'))![1]!
  return join(PROGRAMS_FOLDER, `kafka-${version}-jars`)
}

/** The folder of the broker's jars, fetched from Maven Central where they are not there yet. Throws a sentence where they cannot be had. */
export async function kafkaJars(): Promise<string> {
  const jars = kafkaJarsFolder()
  if (existsSync(jars)) return jars
  await installProgram('java')
  await installProgram('mvn')
  await mkdir(PROGRAMS_FOLDER, { recursive: true })
  const folder = await mkdtemp(join(PROGRAMS_FOLDER, 'kafka-jars-'))
  try {
    const fetch = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
    await promisify(execFile)('mvn', fetch)
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

/** Where a broker's classes are as Java has loaded and checked them once: with them a broker starts in a third of the time. */
export const classesOf = (jars: string) => `${jars}.jsa`

/** Arguments by which Java takes its classes from there; it does without, and should not complain, where they are of another Java. */
export function sharedClasses(jars: string): string[] {
  return existsSync(classesOf(jars)) ? [`-XX:SharedArchiveFile=${classesOf(jars)}`, '-Xlog:disable'] : []
}
