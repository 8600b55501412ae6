/** What the process ends with. `--help` of every command lists those that it can give. */
export const EXIT = {
  ok: 0,
  /** The work failed, or a part of it was refused. */
  failed: 1,
  /** The command line is wrong: nothing was done. */
  usage: 2,
  /** The definitions are wrong. */
  definitions: 3,
  /** Ctrl-C: 128 + SIGINT, as shells count. */
  interrupted: 130,
} as const
