// SHA-256 as noble's HKDF and hash-to-curve take it, over the one of viem: an app has that already, and needs no second.
import type { CHash, Hash } from '@noble/hashes/utils.js'
import { sha256 as hash } from 'viem'
import { concatBytes } from './bytes.js'

/** Collects what viem hashes at once, and forgets it then. */
class Collector implements Hash<Collector> {
  readonly blockLen = 64
  readonly outputLen = 32
  readonly canXOF = false
  #input = new Uint8Array()

  update(bytes: Uint8Array): this {
    const joined = concatBytes(this.#input, bytes)
    this.destroy()
    this.#input = Uint8Array.from(joined)
    return this
  }

  digestInto(output: Uint8Array): void {
    output.set(hash(this.#input, 'bytes'))
    this.destroy()
  }

  digest() {
    const output = new Uint8Array(this.outputLen)
    this.digestInto(output)
    return output
  }

  destroy(): void {
    this.#input.fill(0)
    this.#input = new Uint8Array()
  }

  _cloneInto(to: Collector = new Collector()): Collector {
    to.destroy()
    return to.update(this.#input)
  }

  clone(): Collector {
    return this._cloneInto()
  }
}

/** SHA-256 for noble's functions. */
export const sha256: CHash<Collector> = /* @__PURE__ */ Object.assign(
  (message: Uint8Array) => Uint8Array.from(hash(message, 'bytes')),
  { blockLen: 64, outputLen: 32, canXOF: false, create: () => new Collector() },
)
