import { lstatSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CommandError } from '../command-error.ts'
import { UsageError } from '../usage-error.ts'
import type { ProjectFile } from './project-files.ts'

/** Paths of files, and of their folders, that are there already as something else than a folder. */
export function inTheWay(folder: string, files: readonly ProjectFile[]): string[] {
  const folders = new Set(files.flatMap(({ path }) => foldersOf(path)))
  const blocked = [...folders].filter((path) => kindOf(join(folder, path)) === 'other')
  const taken = files.map(({ path }) => path).filter((path) => kindOf(join(folder, path)) !== 'nothing')
  return [...blocked, ...taken].sort()
}

/** Throws a CommandError that names what is in the way; nothing was written then. */
export function assertFree(folder: string, files: readonly ProjectFile[]): void {
  const file = fileIn(folder)
  if (file !== null) throw new UsageError(`'${file}' is a file`, 'give a folder, or a name for a new one')
  const paths = inTheWay(folder, files)
  if (paths.length === 0) return
  const what = paths.length === 1 ? 'a file is' : `${paths.length} files are`
  throw new CommandError('FILE_EXISTS', `${what} in the way, and nothing was written: ${paths.join(', ')}`, {
    cure: 'move them, or give another folder: millrace init <folder>',
  })
}

/** Writes the files, none over another, be it there since a moment ago. */
export function writeProject(folder: string, files: readonly ProjectFile[]): void {
  for (const { path, text } of files) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text, { flag: 'wx' })
  }
}

/** The path itself or the nearest folder above it, where that is none; null where a folder can be made. */
function fileIn(path: string): string | null {
  const kind = kindOf(path)
  if (kind === 'other') return path
  const above = dirname(path)
  return kind === 'folder' || above === path ? null : fileIn(above)
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

function kindOf(path: string): 'nothing' | 'folder' | 'other' {
  try {
    // A link to a folder is as good as one; one that leads nowhere is in the way as well.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return 'folder'
    return lstatSync(path, { throwIfNoEntry: false }) === undefined ? 'nothing' : 'other'
  } catch (error) {
    // A part of the path is a file, which is told of that part.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return 'nothing'
    throw error
  }
}
