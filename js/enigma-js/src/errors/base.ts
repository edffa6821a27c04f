import { BaseError } from 'viem'

/** What every error of enigma-js is made from. */
export type EnigmaErrorParameters = {
  /** The error below this one; its message becomes `details`. */
  cause?: unknown
  /** What the layer below said. */
  details?: string
  /** Page and section of the documentation, in the repository. */
  docsPath?: string
  /** Lines between what happened and the details: why it happened, what to do. */
  metaMessages?: readonly string[]
}

/**
 * The root of what enigma-js throws; a viem `BaseError`, so `shortMessage`, `details`, `metaMessages` and `walk()` are
 * where viem's users look for them. Never holds a secret: no key, no calldata, no decrypted value but the revert
 * reason, which is its reader's.
 */
export class EnigmaError extends BaseError {
  override name = 'EnigmaError'

  constructor(shortMessage: string, parameters: EnigmaErrorParameters = {}) {
    const { cause, details, docsPath, metaMessages = [] } = parameters
    super(shortMessage, {
      ...(cause instanceof Error ? { cause } : {}),
      ...(details === undefined ? {} : { details }),
      // viem would put its own site in front of a docsPath.
      metaMessages: docsPath ? [...metaMessages, `Docs: ${docsPath}`] : [...metaMessages],
    })
    this.docsPath = docsPath
  }
}
