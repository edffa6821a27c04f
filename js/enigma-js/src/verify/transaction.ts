import {
  type Address,
  decodeFunctionData,
  formatTransaction,
  type Hash,
  type Hex,
  keccak256,
  type RpcTransaction,
  serializeTransaction,
  type TransactionSerializable,
} from 'viem'
import { enigmaAbi } from '../abi.js'
import type { Connection } from '../connection.js'
import { ProofError } from '../errors/trust.js'
import { request } from './rpc.js'

/** What a transaction's hash vouches for. */
export type VerifiedTransaction = {
  hash: Hash /** As the RPC says it; not vouched for. */
  from: Address | undefined
  to: Hex | null
  input: Hex
  nonce: number
  value: bigint
}

/** The transaction with this hash; undefined if the RPC does not know it. Throws {@link ProofError} if it hashes otherwise. */
export async function transactionAt(
  connection: Connection,
  hash: Hash,
): Promise<VerifiedTransaction | undefined> {
  const json = await request(connection, 'eth_getTransactionByHash', [hash])
  if (typeof json !== 'object' || json === null) return undefined
  const what = `transaction ${hash}`
  try {
    const transaction = formatTransaction(json as RpcTransaction)
    if (hashOf(transaction) !== hash.toLowerCase()) throw new Error('what it sent hashes to something else')
    const { from, to, input, nonce, value } = transaction
    return { hash, from, to, input, nonce, value }
  } catch (cause) {
    throw new ProofError({ what, cause })
  }
}

/** What a transaction asks of the Enigma contract; undefined if it is nothing that this client knows. */
export function calledBy({ input }: VerifiedTransaction) {
  try {
    return decodeFunctionData({ abi: enigmaAbi, data: input })
  } catch {
    return undefined
  }
}

function hashOf(transaction: ReturnType<typeof formatTransaction>): Hash {
  const { r, s, v, yParity, input, to, ...fields } = transaction
  if (!r || !s) throw new Error('it has no signature')
  const signature =
    fields.type === 'legacy' ? { r, s, v: v ?? 0n } : { r, s, yParity: yParity ?? Number(v ?? 0n) }
  // A transaction of a block carries prices that it paid; only those that were signed enter the hash.
  const prices = fields.type === 'legacy' || fields.type === 'eip2930' ? { gasPrice: fields.gasPrice } : {}
  const { gasPrice: _, ...signed } = fields
  return keccak256(
    serializeTransaction(
      { ...signed, ...prices, to, data: input } as TransactionSerializable,
      signature as never,
    ),
  )
}
