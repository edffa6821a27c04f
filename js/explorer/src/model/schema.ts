// Readers of what a node says. A node may be broken or hostile: a value of another shape is refused here, by name, and
// never reaches a view. Lists and texts are bounded.

/** A node answered with something else than docs/rpc.md says. */
export class UnexpectedAnswerError extends Error {
  override name = 'UnexpectedAnswerError'
  constructor(
    readonly path: string,
    expected: string,
  ) {
    super(`The node's answer is not what docs/rpc.md says: ${path || 'it'} should be ${expected}.`)
  }
}

export type Reader<T> = (value: unknown, path: string) => T
export type Read<R> = R extends Reader<infer T> ? T : never
export type Hex = `0x${string}`

const MAX_TEXT = 256
const MAX_LIST = 2_000

export const bool: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new UnexpectedAnswerError(path, 'true or false')
  return value
}

/** A safe integer that is not negative: a height, an index, a count, a time. */
export const count: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new UnexpectedAnswerError(path, 'a whole number')
  return value
}

export const number: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new UnexpectedAnswerError(path, 'a number')
  return value
}

/** Text of at most 256 characters, without control characters and marks that turn the direction of writing. */
export const text: Reader<string> = (value, path) => {
  if (typeof value !== 'string' || value.length > MAX_TEXT)
    throw new UnexpectedAnswerError(path, 'a short text')
  return value.replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}')
}

/** Wei: a decimal string. */
export const wei: Reader<bigint> = (value, path) => {
  if (typeof value !== 'string' || !/^\d{1,78}$/.test(value)) throw new UnexpectedAnswerError(path, 'wei')
  return BigInt(value)
}

function hexOf(bytes: number): Reader<Hex> {
  const shape = new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`)
  return (value, path) => {
    if (typeof value !== 'string' || !shape.test(value))
      throw new UnexpectedAnswerError(path, `${bytes} bytes`)
    return value.toLowerCase() as Hex
  }
}

export const hash = hexOf(32)
export const address = hexOf(20)
/** The network's key, compressed; with or without 0x. */
export const publicKey: Reader<Hex> = (value, path) =>
  hexOf(96)(typeof value === 'string' && !value.startsWith('0x') ? `0x${value}` : value, path)

export function oneOf<const T extends string>(...options: readonly T[]): Reader<T> {
  return (value, path) => {
    const found = options.find((option) => option === value)
    if (found === undefined) throw new UnexpectedAnswerError(path, options.join(' or '))
    return found
  }
}

/** Absent and null are both null. */
export const optional =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value, path) =>
    value === undefined || value === null ? null : read(value, path)

export const list =
  <T>(read: Reader<T>, most = MAX_LIST): Reader<T[]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > most)
      throw new UnexpectedAnswerError(path, `a list of at most ${most}`)
    return value.map((item, i) => read(item, `${path}[${i}]`))
  }

/** An object with at least these fields; others are dropped. */
export const record =
  <F extends { readonly [name: string]: Reader<unknown> }>(
    fields: F,
  ): Reader<{ [N in keyof F]: Read<F[N]> }> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new UnexpectedAnswerError(path, 'an object')
    const result: { [name: string]: unknown } = {}
    for (const name of Object.keys(fields)) {
      const read = fields[name] as Reader<unknown>
      result[name] = read(
        Object.hasOwn(value, name) ? value[name as keyof typeof value] : undefined,
        `${path}.${name}`,
      )
    }
    return result as { [N in keyof F]: Read<F[N]> }
  }
