import { readFileSync, writeFileSync } from 'node:fs'

/*
 * Adds to package-lock.json the packages of other platforms that it lacks. npm leaves an optional package out of the lock where
 * the registry in use does not have it, and then `npm ci` refuses the lock on every platform. Run it after `npm install`:
 *
 *   node --import tsx scripts/complete-lock.ts
 */

interface Entry {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  packages: Record<string, Entry & Record<string, unknown>>
}

const SYSTEMS = ['android', 'darwin', 'linux', 'win32', 'freebsd']
const PROCESSORS = ['arm64', 'x64', 'ia32', 'ppc64', 's390x', 'riscv64', 'arm']

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock
const { '': root, ...packages } = lock.packages
const added: string[] = []
for (const entry of Object.values(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`))) continue
    if (!/^\d/.test(version)) throw new Error(`${name} is wanted as ${version}: only an exact version can be added`)
    const words = name.split('/').at(-1)!.split(/[-_]/)
    const system = SYSTEMS.find((one) => words.includes(one))
    const processor = PROCESSORS.find((one) => words.includes(one))
    packages[`node_modules/${name}`] = {
      version,
      ...(processor && { cpu: [processor] }),
      ...(entry.dev && { dev: true }),
      ...(system === 'linux' &&
        (words.includes('musl') || words.includes('gnu')) && { libc: [words.includes('musl') ? 'musl' : 'glibc'] }),
      optional: true,
      ...(system && { os: [system] }),
    }
    added.push(name)
  }
}
const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)))
lock.packages = { '': root!, ...sorted }
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(added.length === 0 ? 'the lock is complete\n' : `added ${added.join(', ')}\n`)
