// A user who has said no in the wallet is not asked the same again at once: pages repeat their reads.
import { isUserRejection } from '../errors.js'

/** Remembers refusals by what was asked for. */
export class Refusals {
  readonly #stands: number
  readonly #refused = new Map<string, { at: number; error: unknown }>()

  /** A refusal stands for so many milliseconds. */
  constructor(stands: number) {
    this.#stands = stands
  }

  /** Runs `ask`, unless the user has just refused the same. */
  async unlessRefused<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const before = this.#refused.get(what)
    if (before && Date.now() - before.at < this.#stands) throw before.error
    try {
      return await ask()
    } catch (error) {
      if (isUserRejection(error)) this.#refused.set(what, { at: Date.now(), error })
      throw error
    }
  }
}
