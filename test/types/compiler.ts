import { execFile } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** One error of the compiler, with the lines that explain it. */
export interface Diagnostic {
  /** Absolute path. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** What the compiler says of a project: its errors, and its counters where `--extendedDiagnostics` asks for them. */
export async function compile(
  project: string,
  ...options: string[]
): Promise<{ errors: Diagnostic[]; output: string }> {
  const tsc = path.join(root, 'node_modules/.bin/tsc')
  // One thread: the errors come in one order, and the counters do not depend on the machine.
  const flags = ['-p', project, '--singleThreaded', '--pretty', 'false', ...options]
  const output = await new Promise<string>((resolve, reject) => {
    execFile(tsc, flags, { cwd: root, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      // A number is the exit code of a compiler that ran; anything else means that it did not.
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve(stdout + stderr)
    })
  })
  const errors: { file: string; line: number; text: string }[] = []
  for (const line of output.split('\n')) {
    const start = /^(.+)\((\d+),\d+\): error (.*)$/.exec(line)
    const last = errors.at(-1)
    if (start !== null) errors.push({ file: path.resolve(root, start[1]!), line: Number(start[2]), text: start[3]! })
    else if (line.startsWith('  ') && last !== undefined) last.text += `\n${line}`
    else if (line.includes('error TS')) throw new Error(`the compiler refused the project: ${line}`)
  }
  return { errors, output }
}
