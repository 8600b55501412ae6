import { resolve } from 'node:path'
import { buildPackage, packFolder } from './package/build-package.ts'

// npm run pack: dist/package, the package as users get it, and the tarball of it beside.

const DIST = resolve(import.meta.dirname, '../dist')
const folder = resolve(DIST, 'package')

await buildPackage(folder)
process.stdout.write(`${await packFolder(folder, DIST)}\n`)
