import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { SWAGGER_FILES } from '../../src/serving/http/docs-page.ts'
import { keepReachableDeclarations } from './declarations.ts'
import { type Manifest, packageManifest } from './manifest.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SRC = join(ROOT, 'src')

/** What is in the package as it is here. */
const AS_THEY_ARE = ['bin', 'docs', 'README.md', 'LICENSE', 'CHANGELOG.md']

const run = promisify(execFile)

/**
 * Builds the package that users install: JavaScript and declarations in `dist`, in place of `src`. What was in the folder is removed.
 * Throws what the compiler says.
 */
export async function buildPackage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const dist = join(folder, 'dist')
  mkdirSync(dist, { recursive: true })
  const manifest = packageManifest(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest)
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const path of AS_THEY_ARE) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  await compile(folder, dist)
  copyOtherFiles(dist)
  copySwagger(join(folder, 'swagger-ui'))
  const entries = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.types]))
  keepReachableDeclarations(
    dist,
    entries.map((entry) => join(folder, entry)),
  )
}

/** Packs such a folder with npm; answers the path of the tarball, in `into`. */
export async function packFolder(folder: string, into: string): Promise<string> {
  mkdirSync(into, { recursive: true })
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', into], { cwd: folder })
  const [packed] = JSON.parse(stdout) as { readonly filename: string }[]
  return join(into, packed!.filename)
}

async function compile(folder: string, dist: string): Promise<void> {
  const project = join(folder, 'tsconfig.json')
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: SRC,
    outDir: dist,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  }
  writeFileSync(
    project,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [SRC], exclude: [] }),
  )
  try {
    await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project], { cwd: ROOT })
  } catch (error) {
    throw new Error(`the sources do not compile:\n${(error as { stdout?: string }).stdout ?? error}`, { cause: error })
  }
  rmSync(project)
}

/** Swagger UI, as far as `/docs` needs it, with its licence: its package would bring a script that reports installations. */
function copySwagger(folder: string): void {
  const from = join(ROOT, 'node_modules/swagger-ui-dist')
  mkdirSync(folder)
  for (const name of [
    ...Object.keys(SWAGGER_FILES),
    'swagger-ui-bundle.js.LICENSE.txt',
    'package.json',
    'LICENSE',
    'NOTICE',
  ]) {
    cpSync(join(from, name), join(folder, name))
  }
}

/** What code reads at run time beside itself: scripts of Redis, pages. */
function copyOtherFiles(dist: string): void {
  for (const path of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
    const target = join(dist, path)
    // A folder has no ending, and comes with the files in it.
    if (path.endsWith('.ts') || !/\.[a-z0-9]+$/.test(path)) continue
    mkdirSync(dirname(target), { recursive: true })
    cpSync(join(SRC, path), target)
  }
}
