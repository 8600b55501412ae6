// Loads the folder of definitions argv[2], as the command line does, and prints what it found as JSON.
import { formatLoadProblem, loadDefinitions } from '../../src/cli/load-definitions.ts'

const { files, model, problems } = await loadDefinitions(process.argv[2]!)
process.stdout.write(
  JSON.stringify({
    files,
    features: model === null ? null : [...model.features.keys()],
    problems: problems.map(formatLoadProblem),
  }),
)
