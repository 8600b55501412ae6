import { rollOuts } from './roll-out.ts'

rollOuts('API first')
