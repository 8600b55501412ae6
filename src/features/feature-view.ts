import type { type } from '../timeline/column.ts'
import type { GroupData, GroupView, meta, Role } from './definition.ts'
import type { AnyGroup } from './group-info.ts'

type Names = Readonly<Record<string, string>>

/** No key is mapped. */
type None = Readonly<Record<never, never>>

/**
 * What a service reads of a group: the features `N` of it (any text: all), served under the name `R` (the group's own, or that of a role),
 * for the entity whose keys are looked for under the names of `M`.
 */
export interface View<
  Gr extends AnyGroup,
  N extends string,
  R extends string = Gr[typeof meta]['name'],
  M extends Names = None,
> extends GroupView {
  readonly [type]: { readonly view: Gr; readonly names: N; readonly served: R; readonly keys: M }
}

/** What is known of any view. */
export interface AnyView extends GroupView {
  readonly [type]: { readonly view: AnyGroup; readonly names: string; readonly served: string; readonly keys: Names }
}

type EntityOf<Gr extends AnyGroup> = Gr[typeof meta][typeof type]['entity'][typeof meta]

/** Refuses, in a sentence, a name that is none of the entity's keys. */
export type RoleKeys<Gr extends AnyGroup, M> = {
  readonly [N in keyof M]: N extends keyof EntityOf<Gr>['key']
    ? M[N]
    : `${EntityOf<Gr>['name']} has no key ${N & string}`
}

/** Some features of a group, as `pick` gives them. */
export interface PickedView<Gr extends AnyGroup, N extends string> extends View<Gr, N> {
  /** The same for another entity of the request: `sent.pick('tx_count_7d').as('payee', { account_id: 'payee_id' })`. */
  as<const R extends string, const M extends Names>(role: R, keys: RoleKeys<Gr, M>): View<Gr, N, R, M>
}

/** A group in a role, as `as` gives it. */
export interface RoleView<Gr extends AnyGroup, All extends string, R extends string, M extends Names>
  extends View<Gr, string, R, M> {
  /** Only these features: `sent.as('payee', { account_id: 'payee_id' }).pick('tx_count_7d')`. */
  pick<const N extends All>(...names: readonly [N, ...N[]]): View<Gr, N, R, M>
}

/** A view of a group, which can be narrowed and be given a role, each once. `picked` null: all its features. */
export function makeView(group: GroupData, picked: readonly string[] | null, role: Role | null): GroupView {
  const pick = (...names: string[]) => makeView(group, Object.freeze(names), role)
  const as = (name: string, keys: unknown) => makeView(group, picked, roleOf(group, name, keys))
  return Object.freeze({
    kind: 'view',
    group,
    picked,
    role,
    ...(picked === null ? { pick } : {}),
    ...(role === null ? { as } : {}),
  })
}

/** Throws a TypeError for what is no role. */
export function roleOf(group: GroupData, name: unknown, keys: unknown): Role {
  const title = `featureGroup '${group.name}', as()`
  if (typeof name !== 'string')
    throw new TypeError(`${title} needs the name of the role first, as as('payee', { ... })`)
  if (typeof keys !== 'object' || keys === null) {
    throw new TypeError(`${title} needs the keys of the role, as as('${name}', { account_id: 'payee_id' })`)
  }
  return Object.freeze({ name, keys: Object.freeze({ ...(keys as Names) }) })
}

/** True for what {@link makeView} gives. */
export function isView(value: unknown): value is GroupView {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'view'
}
