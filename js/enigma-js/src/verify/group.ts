import { type Address, isAddressEqual, zeroAddress } from 'viem'
import type { Connection } from '../connection.js'
import { ForgedReplyError } from '../errors/trust.js'
import { layout } from '../protocol/layout.js'
import { sequence } from '../protocol/lottery.js'
import { currentEpoch, unpackGroup, unpackParameters, unpackWorker, wordToHex } from '../protocol/words.js'
import type { VerifiedBlock } from './block.js'
import { epochWordAt } from './epoch.js'
import { prove } from './storage.js'

/** A worker of a group, in the order of ranks. */
export type Signer = ReturnType<typeof unpackWorker> & { id: number }

/** Groups kept: they cannot change, but there are many. */
const KEPT = 256

/**
 * The group that serves `contract` in `epoch`, proven at `block`. Throws {@link ForgedReplyError} if the chain has stored
 * no group of that epoch and the epoch is not the one that a transaction after `block` meets: only that can be drawn.
 */
export function groupOf(
  connection: Connection,
  contract: Address,
  epoch: number,
  block: VerifiedBlock,
): Promise<readonly Signer[]> {
  const { groups } = connection.cache
  const key = `${contract}:${epoch}`.toLowerCase()
  const known = groups.get(key)
  if (known) return known
  const found = find(connection, contract, epoch, block).catch((error: unknown) => {
    groups.delete(key)
    throw error
  })
  for (const oldest of groups.keys()) {
    if (groups.size < KEPT) break
    groups.delete(oldest)
  }
  groups.set(key, found)
  return found
}

async function find(
  connection: Connection,
  contract: Address,
  epoch: number,
  block: VerifiedBlock,
): Promise<readonly Signer[]> {
  const what = 'the group'
  const [word = 0n] = await prove(connection, block, [layout.secretContract(contract, 2)], what)
  const stored = unpackGroup(word)
  if (stored.epoch !== epoch) await requireCurrent(connection, contract, epoch, block)
  const ids = stored.epoch === epoch ? stored.ids : await draw(connection, contract, epoch, block)
  const slots = ids.flatMap((id) => [0, 1, 2].map((offset) => layout.worker(id, offset)))
  const words = slots.length ? await prove(connection, block, slots, what) : []
  return ids.map((id, rank) => {
    const [a = 0n, b = 0n, c = 0n] = words.slice(3 * rank)
    return { id, ...unpackWorker([a, b, c]) }
  })
}

/** Tickets of other epochs are not in the tree of this block: what is drawn from it would be another group. */
async function requireCurrent(
  connection: Connection,
  contract: Address,
  epoch: number,
  block: VerifiedBlock,
): Promise<void> {
  const { word } = await epochWordAt(connection, block)
  if (currentEpoch(word, block.number + 1n).epoch !== epoch)
    throw new ForgedReplyError({
      what: `What was signed for ${contract}`,
      why: `It is signed for epoch ${epoch}, which is not that of its block.`,
    })
}

/** Nobody has stored the group of this epoch yet: draw it as the chain would. */
async function draw(
  connection: Connection,
  contract: Address,
  epoch: number,
  block: VerifiedBlock,
): Promise<number[]> {
  const read = async (slot: `0x${string}`) => (await prove(connection, block, [slot], 'the lottery'))[0] ?? 0n
  const slots = [layout.seed(epoch), layout.parameters]
  const [seed = 0n, parameters = 0n] = await prove(connection, block, slots, 'the lottery')
  if (seed === 0n) return []
  const { groupSize } = unpackParameters(parameters)
  const drawn = await sequence(read, { contract, epoch, seed: wordToHex(seed), count: groupSize })
  return drawn.map(({ id }) => id)
}

/** Throws unless `signer` may sign at a block of this time: in the group, at this rank if one is asked for, admitted. */
export function requireSigner(
  group: readonly Signer[],
  signer: Address,
  parameters: { what: string; timestamp: bigint; rank?: number },
): Signer {
  const { what, timestamp, rank } = parameters
  const known = (candidate: Signer | undefined) =>
    candidate && candidate.signer !== zeroAddress && isAddressEqual(candidate.signer, signer)
  const found = rank === undefined ? group.find(known) : group[rank]
  if (!found || !known(found))
    throw new ForgedReplyError({ what, why: `${signer} is not the worker that the lottery chose.` })
  if (BigInt(found.expiry) <= timestamp)
    throw new ForgedReplyError({ what, why: `The admission of ${signer} has expired.` })
  return found
}

/** Slots that say whether the measurements of these workers are allowed. */
export function measurementSlots(signers: readonly Signer[]): `0x${string}`[] {
  return [...new Set(signers.map(({ measurement }) => layout.measurement(measurement)))]
}
