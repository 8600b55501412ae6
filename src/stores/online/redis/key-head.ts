import { KeyHash } from './key-hash.ts'

/** What the keys of many timelines of one kind begin with, made ready to be written: their texts are of one length. */
export class KeyHead {
  readonly head: string
  /** UTF-16 units of the text that follows. */
  readonly units: number
  /** All of an `APPEND` up to the text. */
  readonly start: Uint8Array
  readonly hash = new KeyHash()

  /** `name` is the head as Redis knows it: ASCII. */
  constructor(head: string, name: string, units: number) {
    this.head = head
    this.units = units
    const length = name.length + units + 1
    this.start = Buffer.from(`*3\r\n$6\r\nAPPEND\r\n$${length}\r\n${name}`)
    this.hash.of(name)
  }
}
