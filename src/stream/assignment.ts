/** Whether a worker has the partitions that it had (both in ascending order); null: it had none yet. */
export function sameAssignment(now: readonly number[], before: readonly number[] | null): boolean {
  return now.length === before?.length && now.every((partition, i) => partition === before[i])
}
