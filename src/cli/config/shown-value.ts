const HIDDEN = '***'

/** Longer values than this are cut: they are there to be recognised. */
const SHOWN_MAX = 80

/** Options whose value is never shown. */
const SECRET = new Set(['secret', 'password', 'accessToken'])

/** Options that hold PEM, shown where it can only be the path of a file. */
const PEM = new Set(['ca', 'cert', 'key'])
const FILE_PATH = /^[\w@~./\\: -]{0,120}\.[A-Za-z]{1,6}$/

/** A text without the user and password of URLs in it, and without what stands behind the `?` of one. */
export function hidden(text: string): string {
  return text.replace(/(\w:\/\/)\S*@/g, `$1${HIDDEN}@`).replace(/(\w:\/\/[^\s?]*\?)\S+/g, `$1${HIDDEN}`)
}

/** A value as an error shows it. `path` says what it is the value of: secrets are not shown. */
export function shownValue(path: readonly PropertyKey[], value: unknown): string {
  if (path.some((part) => SECRET.has(String(part)))) return HIDDEN
  switch (typeof value) {
    case 'string': {
      if (PEM.has(String(path.at(-1))) && !FILE_PATH.test(value)) return HIDDEN
      // What is meant as a URL and cannot be read as one may hold a password anywhere.
      if (value.includes('@') && !/^[a-z+]+:\/\//i.test(value)) return HIDDEN
      const text = hidden(value)
      return `'${text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text}'`
    }
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
    default:
      return `a ${typeof value}`
  }
}
