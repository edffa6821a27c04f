import { EnigmaError } from './base.js'

const docsPath = 'js/enigma-js/README.md#private-reads'

/** Refusal codes of the enclave (`Code` in crates/shared/protocol/src/door/common.rs) that a query can meet. */
const REFUSALS: Record<number, string> = {
  0: 'No worker that serves the contract could be asked. Try again, or another node.',
  1: 'The envelope is malformed.',
  5: 'The worker serves another network.',
  8: 'The worker has not executed the last inputs yet. Try again.',
  10: 'The worker has not the contract’s last state. Try again.',
  14: 'The worker is not admitted any more. Try another node.',
  15: 'The worker does not serve this contract. Try another node.',
  16: 'The RPC told a wrong epoch, or the network moved on. Try again.',
  20: 'The network has no lottery yet.',
  21: 'No secret contract lives there, or its deployment is not committed yet.',
}

export class QueryRefusedError extends EnigmaError {
  override name = 'QueryRefusedError'
  /** The enclave's refusal code; 0 if none was reached. */
  readonly code: number
  constructor({ code, details, cause }: { code: number; details?: string; cause?: unknown }) {
    super(`The network refused the query (code ${code}).`, {
      cause,
      ...(details === undefined ? {} : { details }),
      docsPath,
      metaMessages: [REFUSALS[code] ?? 'See `Code` in crates/shared/protocol/src/door/common.rs.'],
    })
    this.code = code
  }
}

export class NodesUnreachableError extends EnigmaError {
  override name = 'NodesUnreachableError'
  constructor({ nodes, cause }: { nodes: readonly string[]; cause?: unknown }) {
    super(nodes.length ? `None of ${nodes.length} nodes answered the query.` : 'No node is known to ask.', {
      cause,
      docsPath,
      metaMessages: nodes.length
        ? [`Asked: ${nodes.join(', ')}`]
        : ['Reads go to a node: pass `nodes` to enigmaActions, or a network.json with `api`.'],
    })
  }
}
