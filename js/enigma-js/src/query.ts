import { type Account, type Address, bytesToHex, type Hex } from 'viem'
import { type Connection, sessionsOf } from './connection.js'
import { EnigmaError } from './errors/base.js'
import { NodesUnreachableError, QueryRefusedError } from './errors/query.js'
import { UnknownContractError } from './errors/task.js'
import { StaleStateError } from './errors/trust.js'
import { createInbox, throwIfAborted } from './feed/inbox.js'
import { NodeRpcError, postRpc } from './node-rpc.js'
import { sealEnvelope } from './protocol/envelope.js'
import type { Output } from './protocol/output.js'
import { randomSecret } from './protocol/random.js'
import { readerOf, readerProof } from './session/reader.js'
import { now } from './submit.js'
import { recordOf } from './verify/contract.js'
import { type SentQuery, verifyReply } from './verify/reply.js'

/** Seconds from the newest block within which a query must be answered. */
const LIFETIME = 120n
/** JSON-RPC error of a query that was refused (docs/rpc.md). */
const REFUSED = -32001
/** Refusals that pass: nobody could be asked, or whoever was is behind. */
const TRANSIENT = [0, 8, 10, 16, 21]
/** Milliseconds between two rounds over the nodes. */
const PAUSE = 250

export type QueryParameters = {
  contract: Address
  body: Hex
  /** Who reads; undefined reads as nobody. */
  account: Account | undefined
  /** Milliseconds. */
  timeout: number
  signal?: AbortSignal | undefined
  /** What the reader asks (see `SealParameters`). */
  flag?: 1 | 2 | undefined
}

/**
 * Asks the nodes in turn until one gives an answer that holds. Every attempt is a new envelope: an enclave answers each
 * once. Throws what the last node deserves, or {@link UnknownContractError}, {@link NodesUnreachableError}.
 */
export async function query(connection: Connection, parameters: QueryParameters): Promise<Output> {
  const { nodes } = connection.options
  const { contract, signal } = parameters
  const deadline = Date.now() + parameters.timeout
  if (nodes.length === 0) throw new NodesUnreachableError({ nodes })
  // What a node did in an earlier round is not forgotten because it is silent in the last.
  const failures: unknown[] = []
  for (;;) {
    const earlier = failures.length
    for (const node of nodes) {
      throwIfAborted(signal)
      try {
        const sent = await seal(connection, parameters)
        return await verifyReply(connection, sent, await ask(node, sent, deadline, signal))
      } catch (error) {
        failures.push(error)
        // What the wallet refuses, or the chain cannot prove, no other node can give.
        if (!isOfNode(error)) throw error
      }
    }
    // Nodes say it in several ways; the chain says it for certain.
    if (!(await recordOf(connection, contract))) throw new UnknownContractError({ contract })
    if (!failures.slice(earlier).some(isTransient) || Date.now() + PAUSE >= deadline)
      throw worst(failures, nodes)
    await createInbox<never>().next(PAUSE, signal)
  }
}

async function seal(
  connection: Connection,
  { contract, body, account, flag }: QueryParameters,
): Promise<SentQuery> {
  const { block, epoch } = await now(connection)
  const expiry = block.timestamp + LIFETIME
  const replyKey = randomSecret()
  const session = account && (await readerOf(connection, contract, account, block.timestamp))
  const reader =
    session && (await readerProof(connection, session, { contract, epoch, expiry, replyKey, body }))
  const sealing = sessionsOf(connection).get({ contract, epoch, purpose: 'query', account: account?.address })
  return {
    contract,
    replyKey,
    envelope: bytesToHex(sealEnvelope(sealing, { kind: 'query', replyKey, body, expiry, reader, flag })),
  }
}

async function ask(
  node: string,
  { contract, envelope }: SentQuery,
  deadline: number,
  signal?: AbortSignal,
): Promise<unknown> {
  const timeout = Math.max(deadline - Date.now(), 1)
  try {
    return await postRpc(node, 'enigma_query', [contract, envelope], {
      timeout,
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    throwIfAborted(signal)
    if (!(cause instanceof NodeRpcError) || cause.code !== REFUSED)
      throw new NodesUnreachableError({ nodes: [node], cause })
    const code = Number(Object(cause.data).code ?? 0)
    throw new QueryRefusedError({ code: Number.isSafeInteger(code) ? code : 0, cause })
  }
}

function isOfNode(error: unknown): boolean {
  return (
    error instanceof EnigmaError &&
    ['QueryRefusedError', 'NodesUnreachableError', 'ForgedReplyError', 'StaleStateError'].includes(error.name)
  )
}

function isTransient(error: unknown): boolean {
  if (error instanceof QueryRefusedError) return TRANSIENT.includes(error.code)
  return error instanceof StaleStateError
}

/** A lie says more than a refusal, and that more than silence. */
function worst(failures: readonly unknown[], nodes: readonly string[]): unknown {
  const silent = (error: unknown) => error instanceof NodesUnreachableError
  const refused = (error: unknown) => error instanceof QueryRefusedError
  const lie = failures.find((error) => !silent(error) && !refused(error))
  return (
    lie ??
    failures.find(refused) ??
    new NodesUnreachableError({ nodes, cause: (failures[0] as Error | undefined)?.cause })
  )
}
