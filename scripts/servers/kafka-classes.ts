import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { classesOf, kafkaJars } from './kafka-jars.ts'
import { KafkaServer } from './kafka-server.ts'
import { freePorts } from './port.ts'

/** Keeps the classes of a broker as Java has loaded and checked them, by running one once, where they are not kept yet. */
export async function shareClasses(): Promise<void> {
  const jars = await kafkaJars()
  if (existsSync(classesOf(jars))) return
  const folder = await mkdtemp(`${jars}-`)
  try {
    const [port, controllerPort] = await freePorts(2)
    const made = join(folder, 'classes.jsa')
    const node = { id: 1, port: port!, controllerPort: controllerPort! }
    const server = new KafkaServer({ folder, node, java: [`-XX:ArchiveClassesAtExit=${made}`] })
    await server.start()
    await server.stop()
    await rename(made, classesOf(jars))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
