import { existsSync } from 'node:fs'
import { pythonMissing } from './schemathesis/venv.ts'
import { hasProgram, type Program } from './servers/debian-package.ts'
import { kafkaJarsFolder } from './servers/kafka-jars.ts'
import { type Lanes, type TestStep, takeSteps } from './test-steps.ts'

// npm test: all that must hold, quickest first; what mostly waits for servers and installations at last, beside each other.

const PROGRAMS: readonly Program[] = ['java', 'openssl', 'redis-server']

/** Tests against servers fail where there are none; it is said before, once. */
async function serversMissing(): Promise<string | null> {
  const missing: string[] = existsSync(kafkaJarsFolder()) ? [] : ["Kafka's jars"]
  for (const program of PROGRAMS) if (!(await hasProgram(program))) missing.push(program)
  return missing.length === 0
    ? null
    : `${missing.join(', ')} missing: run scripts/services install, which gets all that the tests need`
}

const npm = (script: string) => ['npm', 'run', '-s', script] as const

const steps: (TestStep | Lanes)[] = [
  { name: 'lint', command: npm('lint') },
  { name: 'types', command: npm('typecheck') },
  { name: 'tests', command: npm('test:unit') },
  {
    lanes: [
      [
        { name: 'tests of the package', command: npm('test:package') },
        { name: 'tests of the API', command: npm('test:api'), obstacle: pythonMissing },
        { name: 'tests with servers', command: npm('test:services'), obstacle: serversMissing },
      ],
      [{ name: 'tests of faults', command: npm('test:faults'), obstacle: serversMissing }],
    ],
  },
]

if (process.argv.length > 2) {
  process.stderr.write('npm test takes no arguments: npx vitest run <path> runs single files\n')
  process.exitCode = 2
} else if (!(await takeSteps(steps, (line) => void process.stdout.write(`${line}\n`)))) process.exitCode = 1
