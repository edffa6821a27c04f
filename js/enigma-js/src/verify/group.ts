import { type Address, isAddressEqual, zeroAddress } from 'viem'
import type { Connection } from '../connection.js'
import { ForgedReplyError } from '../errors/trust.js'
import { layout } from '../protocol/layout.js'
import { SEQUENCE, sequence } from '../protocol/lottery.js'
import { currentEpoch, unpackGroup, unpackParameters, unpackWorker, wordToHex } from '../protocol/words.js'
import type { VerifiedBlock } from './block.js'
import { epochWordAt } from './epoch.js'
import { prove } from './storage.js'

/** A worker that may serve a contract. */
export type Signer = ReturnType<typeof unpackWorker> & { id: number }

/** Groups kept: who is in them cannot change, but there are many. */
const KEPT = 256

/**
 * The workers that serve `contract` in `epoch` by rank, proven at `block`: its group, or what the chain has stored; with
 * `whole` all that may serve when the group is silent. Throws {@link ForgedReplyError} if the chain has stored no group of
 * that epoch and the epoch is not the one that a transaction after `block` meets: only that can be drawn.
 */
export function groupOf(
  connection: Connection,
  contract: Address,
  epoch: number,
  block: VerifiedBlock,
  whole = false,
): Promise<readonly Signer[]> {
  const { groups } = connection.cache
  const key = `${contract}:${epoch}:${whole}`.toLowerCase()
  const known = groups.get(key)
  if (known) return known
  const found = find(connection, contract, epoch, block, whole).catch((error: unknown) => {
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
  whole: boolean,
): Promise<readonly Signer[]> {
  const what = 'the group'
  const [word = 0n] = await prove(connection, block, [layout.secretContract(contract, 2)], what)
  const stored = unpackGroup(word)
  const isStored = stored.epoch === epoch
  let { ids } = stored
  if (!isStored || whole) {
    const { word: now } = await epochWordAt(connection, block)
    // Tickets of other epochs are not in the tree of this block: what is drawn from it would be another group.
    const current = currentEpoch(now, block.number + 1n).epoch === epoch
    if (!isStored && !current)
      throw new ForgedReplyError({
        what: `What was signed for ${contract}`,
        why: `It is signed for epoch ${epoch}, which is not that of its block.`,
      })
    // In the last block of an epoch nothing can be drawn any more, but whoever signed is stored.
    if (current) ids = await draw(connection, contract, epoch, block, whole)
  }
  const slots = ids.flatMap((id) => [0, 1, 2, 4].map((offset) => layout.worker(id, offset)))
  const words = slots.length ? await prove(connection, block, slots, what) : []
  return ids.map((id, rank) => {
    const [a = 0n, b = 0n, c = 0n, e = 0n] = words.slice(4 * rank)
    return { id, ...unpackWorker([a, b, c, e]) }
  })
}

/** Draws the workers of this epoch as the chain would. */
async function draw(
  connection: Connection,
  contract: Address,
  epoch: number,
  block: VerifiedBlock,
  whole: boolean,
): Promise<number[]> {
  const read = async (slot: `0x${string}`) => (await prove(connection, block, [slot], 'the lottery'))[0] ?? 0n
  // The first lottery is that of epoch 2.
  if (epoch < 2) return []
  const slots = [layout.seed(epoch), layout.parameters]
  const [seed = 0n, parameters = 0n] = await prove(connection, block, slots, 'the lottery')
  const { groupSize } = unpackParameters(parameters)
  const count = whole ? SEQUENCE : groupSize
  const drawn = await sequence(read, { contract, epoch, seed: wordToHex(seed), count })
  return drawn.map(({ id }) => id)
}

/**
 * Those of `group` who are `signers`, in the order of these; if one is not among it, of all that may serve. Throws
 * {@link ForgedReplyError} unless each is one, and admitted at the time of `block`.
 */
export async function requireSigners(
  connection: Connection,
  { contract, epoch, block, what }: { contract: Address; epoch: number; block: VerifiedBlock; what: string },
  signers: readonly Address[],
): Promise<Signer[]> {
  const among = async (whole: boolean) => {
    const group = await groupOf(connection, contract, epoch, block, whole)
    return signers.map((signer) =>
      group.find((one) => one.signer !== zeroAddress && isAddressEqual(one.signer, signer)),
    )
  }
  const found = await among(false)
  return (found.includes(undefined) ? await among(true) : found).map((one, i) => {
    if (!one)
      throw new ForgedReplyError({ what, why: `${signers[i]} is not a worker that the lottery chose.` })
    if (BigInt(one.expiry) <= block.timestamp)
      throw new ForgedReplyError({ what, why: `The admission of ${one.signer} has expired.` })
    return one
  })
}

/** For each of these workers, the slots that say whether its measurement is allowed and whether its platform is barred. */
export function revocationSlots(signers: readonly Signer[]): `0x${string}`[] {
  return signers.flatMap(({ measurement, platform }) => [
    layout.measurement(measurement),
    layout.barredPlatform(platform),
  ])
}

/** Throws {@link ForgedReplyError} unless the words of {@link revocationSlots} let all of them serve. */
export function requireUnrevoked(words: readonly (bigint | undefined)[], what: string): void {
  if (words.some((word, i) => (word === 0n) !== (i % 2 === 1)))
    throw new ForgedReplyError({ what, why: 'Its signer’s measurement or platform was revoked.' })
}
