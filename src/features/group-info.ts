import type { type } from '../timeline/column.ts'
import type { GroupData, meta } from './definition.ts'
import type { AnyEntity } from './entity.ts'
import type { AnySource } from './source.ts'

/** What the compiler knows of a group. */
export interface GroupInfo<G extends string, Src extends AnySource, E extends AnyEntity, Fs> extends GroupData {
  readonly name: G
  readonly [type]: { readonly source: Src; readonly entity: E; readonly features: Fs }
}

export interface AnyGroup {
  readonly [meta]: GroupInfo<string, AnySource, AnyEntity, unknown>
}
