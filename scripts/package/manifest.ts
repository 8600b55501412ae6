/** What package.json of this repository says, as far as the package says it too. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly type: 'module'
  readonly engines: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** What a file of `src` is in the package. */
export interface Compiled {
  readonly types: string
  readonly default: string
}

/**
 * The package.json of the package: of the repository's own what users need. Entries are sources here and compiled there. Throws where an
 * entry is no source.
 */
export function packageManifest(repository: Manifest) {
  const { name, version, description, license, type, engines, bin, dependencies } = repository
  const entries = Object.entries(repository.exports).map(([entry, source]) => [entry, compiled(source)] as const)
  const exports: Record<string, Compiled | string> = {
    ...Object.fromEntries(entries),
    './package.json': './package.json',
  }
  return { name, version, description, license, type, engines, bin, exports, dependencies }
}

/** `./src/client/index.ts` -> `./dist/client/index.js` and its types. */
export function compiled(source: string): Compiled {
  const path = /^\.\/src\/(.+)\.ts$/.exec(source)?.[1]
  if (path === undefined) throw new Error(`exports of package.json: '${source}' is no ./src/....ts`)
  return { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` }
}
