import { type Address, type Hex, isHex } from 'viem'
import type { Connection } from '../connection.js'
import { ForgedReplyError, StaleStateError } from '../errors/trust.js'
import { createInbox } from '../feed/inbox.js'
import { layout } from '../protocol/layout.js'
import type { Output } from '../protocol/output.js'
import { decryptQueryOutput, type QueryReply, queryContext, queryReplySigner } from '../protocol/query.js'
import type { Secret } from '../protocol/secret.js'
import { currentEpoch, wordToHex } from '../protocol/words.js'
import { blockAt, findBlock, type VerifiedBlock } from './block.js'
import { epochWordAt } from './epoch.js'
import { requireSigners, requireUnrevoked, revocationSlots } from './group.js'
import { prove } from './storage.js'

/** A query that was sent. */
export type SentQuery = { contract: Address; envelope: Hex; replyKey: Secret }

/** Milliseconds until the RPC must have a block that a node has, and between looks. */
const BLOCK_PATIENCE = 2_000
const BLOCK_LOOK = 50

/**
 * Checks a node's answer and decrypts it: signed by an admitted worker of the contract's group, about this very envelope,
 * on the state head that the chain has in a recent block. Throws {@link ForgedReplyError} or {@link StaleStateError}.
 */
export async function verifyReply(
  connection: Connection,
  query: SentQuery,
  answer: unknown,
): Promise<Output> {
  const { contract, envelope, replyKey } = query
  const what = `The reply to a read of ${contract}`
  const reply = parse(answer, what)
  const blockNumber = BigInt(reply.blockNumber)
  const epoch = Number(reply.epoch)
  const ctx = queryContext(connection.network.network, contract, envelope, reply)
  const signer = await signerOf(ctx, reply, what)
  const block = await recentBlock(connection, contract, reply, signer, what)

  const { word } = await epochWordAt(connection, block)
  if (currentEpoch(word, blockNumber + 1n).epoch !== epoch)
    throw new ForgedReplyError({
      what,
      why: `It is signed for epoch ${epoch}, which is not that of its block.`,
    })
  const workers = await requireSigners(connection, { contract, epoch, block, what }, [signer])
  const [head = 0n, ...standing] = await prove(
    connection,
    block,
    [layout.secretContract(contract, 0), ...revocationSlots(workers)],
    what,
  )
  requireUnrevoked(standing, what)
  if (wordToHex(head) !== reply.stateHead)
    throw new StaleStateError({
      what,
      why: `It is about the state ${reply.stateHead}, the chain has ${wordToHex(head)}.`,
    })
  try {
    return decryptQueryOutput(replyKey, ctx, reply)
  } catch (cause) {
    throw new ForgedReplyError({ what, why: 'It does not decrypt under the reply key of this query.', cause })
  }
}

/** The block of the reply, if it is one of the newest and not older than what this client has seen committed. */
async function recentBlock(
  connection: Connection,
  contract: Address,
  { blockHash, blockNumber }: QueryReply,
  signer: Address,
  what: string,
): Promise<VerifiedBlock> {
  const { cache, options } = connection
  const number = BigInt(blockNumber)
  const found = await findBlock(connection, blockHash)
  // Only a worker's word is worth waiting for.
  if (!found) await requireWorker(connection, signer, what)
  const block = found ?? (await awaitBlock(connection, blockHash))
  if (!block) throw new StaleStateError({ what, why: `The RPC does not know its block ${blockHash}.` })
  if (block.number !== number)
    throw new ForgedReplyError({ what, why: 'Its block has another number than it says.' })
  const committed = cache.commits.get(contract)
  if (committed !== undefined && number < committed)
    throw new StaleStateError({
      what,
      why: `It is of block ${number}; a commit of block ${committed} was seen already.`,
    })
  const newest = await blockAt(connection, 'latest')
  if (newest.number - number > BigInt(options.maxBlockAge))
    throw new StaleStateError({
      what,
      why: `Its block ${number} is ${newest.number - number} behind the newest.`,
    })
  return block
}

/** Throws unless a worker has this signing key, whatever its group. */
async function requireWorker(connection: Connection, signer: Address, what: string): Promise<void> {
  const newest = await blockAt(connection, 'latest')
  const [id = 0n] = await prove(connection, newest, [layout.workerId(signer)], what)
  if (id === 0n)
    throw new ForgedReplyError({ what, why: `Its block is unknown, and ${signer} is no worker.` })
}

/** A node may be a moment ahead of the RPC. */
async function awaitBlock(connection: Connection, hash: Hex): Promise<VerifiedBlock | undefined> {
  const deadline = Date.now() + BLOCK_PATIENCE
  for (;;) {
    const block = await findBlock(connection, hash)
    if (block || Date.now() >= deadline) return block
    await createInbox<never>().next(BLOCK_LOOK)
  }
}

async function signerOf(ctx: Hex, reply: QueryReply, what: string): Promise<Address> {
  try {
    return await queryReplySigner(ctx, reply)
  } catch (cause) {
    throw new ForgedReplyError({ what, why: 'Its signature is malformed.', cause })
  }
}

function parse(answer: unknown, what: string): QueryReply {
  const fields = Object(answer) as Record<string, unknown>
  const bytes = (name: string, size?: number): Hex => {
    const value = fields[name]
    if (!isHex(value) || value.length % 2 !== 0 || (size !== undefined && value.length !== 2 + 2 * size))
      throw new ForgedReplyError({ what, why: `Its \`${name}\` is malformed.` })
    return value.toLowerCase() as Hex
  }
  const integer = (name: string): number => {
    const value = fields[name]
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw new ForgedReplyError({ what, why: `Its \`${name}\` is malformed.` })
    return value
  }
  return {
    epoch: integer('epoch'),
    stateHead: bytes('stateHead', 32),
    blockNumber: integer('blockNumber'),
    blockHash: bytes('blockHash', 32),
    salt: bytes('salt', 32),
    output: bytes('output'),
    signature: bytes('signature', 65),
  }
}
