// The one container for key material: it shows itself to no printer, and compares in constant time.

/** 32 bytes (or so) that must not be printed, stored or compared byte by byte. */
export class Secret {
  readonly #bytes: Uint8Array

  /** Takes a copy; the caller may wipe the original. */
  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes)
  }

  /** Lends the bytes to `use`, which keeps no copy. What it returns is no longer protected. */
  expose<T>(use: (bytes: Uint8Array) => T): T {
    return use(this.#bytes)
  }

  /** Whether both hold the same bytes, in constant time for equal lengths. */
  equals(other: Secret): boolean {
    return equalBytes(this.#bytes, other.#bytes)
  }

  /** Overwrites the bytes with zeros; the secret is of no use afterwards. */
  wipe(): void {
    this.#bytes.fill(0)
  }

  toString(): string {
    return 'Secret(..)'
  }

  toJSON(): string {
    return 'Secret(..)'
  }

  get [Symbol.toStringTag](): string {
    return 'Secret'
  }

  /** What `util.inspect` and Node's console print. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return 'Secret(..)'
  }
}

/** Compares every byte whatever the first difference; only a difference in length shows in the time. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i += 1) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}
