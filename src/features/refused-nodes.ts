import type { Definition, Refusal } from './zod-definition.ts'

const FLATTEN = 'make each field a column of its own'
const LIST = 'send one event for each element, or a number that sums the list up'
const SAY = 'say what the column holds, as z.string(), z.int() or z.enum([...])'
const ABSENT = 'write .optional(): what is not there is null'
const INTEGER = 'write z.int() where it stays below 2^53, else z.string()'
const PLAIN = 'write the plain type and send the value in that form'

/** Zod types outside the list: how they are written, what is wrong with them, and what to write instead. */
const NODES: Readonly<Record<string, readonly [name: string, why: string, cure: string]>> = {
  date: ['z.date()', 'is not in JSON', 'write z.iso.datetime({ offset: true }), or z.int() for epoch milliseconds'],
  bigint: ['z.bigint()', 'is not in JSON', INTEGER],
  union: ['z.union()', 'has more than one type', 'give each type a column of its own'],
  intersection: ['z.intersection()', 'has more than one type', SAY],
  object: ['z.object()', 'is not one value', FLATTEN],
  record: ['z.record()', 'is not one value', FLATTEN],
  map: ['z.map()', 'is not one value', FLATTEN],
  array: ['z.array()', 'is not one value', LIST],
  tuple: ['z.tuple()', 'is not one value', LIST],
  set: ['z.set()', 'is not one value', LIST],
  any: ['z.any()', 'has no type', SAY],
  unknown: ['z.unknown()', 'has no type', SAY],
  never: ['z.never()', 'has no value', 'leave the column out'],
  null: ['z.null()', 'has no value', 'leave the column out'],
  undefined: ['z.undefined()', 'has no value', 'leave the column out'],
  void: ['z.void()', 'has no value', 'leave the column out'],
  nan: ['z.nan()', 'is no number', 'write z.number()'],
  default: ['.default()', 'makes up values', ABSENT],
  prefault: ['.prefault()', 'makes up values', ABSENT],
  catch: ['.catch()', 'hides bad values', 'leave it out: a bad event is refused with its reason'],
  nonoptional: ['.nonoptional()', 'takes back what .optional() says', 'leave both out'],
  transform: ['z.transform()', 'changes values on its way', PLAIN],
  template_literal: ['z.templateLiteral()', 'is not on the list', 'write z.string().regex()'],
  lazy: ['z.lazy()', 'is not known before it runs', SAY],
  custom: ['z.custom()', 'is code', SAY],
}

/** Says what is wrong with a type that no column can have. */
export function refusedNode(def: Definition): Refusal {
  const [refused, why, cure] = def.type === 'pipe' ? pipeNode(def) : (NODES[def.type] ?? unlisted(def.type))
  return { refused, why, cure }
}

function unlisted(type: string): readonly [string, string, string] {
  return [`z.${type}()`, 'is not on the list', SAY]
}

function pipeNode(def: Definition): readonly [string, string, string] {
  const changes = 'changes values on its way'
  if (def.transform !== undefined) return ['z.codec() or z.stringbool()', changes, PLAIN]
  if (def.in?._zod.def.type === 'transform') return ['z.preprocess()', changes, PLAIN]
  if (def.out?._zod.def.type === 'transform') return ['.transform()', changes, PLAIN]
  return ['.pipe()', 'has more than one type', PLAIN]
}
