import { rollOuts } from './roll-out.ts'

rollOuts('stream first')
