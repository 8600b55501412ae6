/** A run of a kernel read takes some ten milliseconds. */
const RUN_ROWS = 200_000

/** CPU of one call over `size` rows in microseconds: the least of some runs, as whatever else the machine does only adds to it. */
export function leastCpu(call: () => void, size: number, runs = 20): number {
  const times = Math.ceil(RUN_ROWS / (size + 10))
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    const begun = cpu_us()
    for (let i = 0; i < times; i++) call()
    least = Math.min(least, (cpu_us() - begun) / times)
  }
  return least
}

/** Time that this process has worked: other work on the machine does not count. */
export function cpu_us(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
