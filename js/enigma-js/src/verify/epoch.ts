import type { Connection } from '../connection.js'
import { layout } from '../protocol/layout.js'
import { currentEpoch, type EpochWord, unpackEpoch, unpackParameters } from '../protocol/words.js'
import { blockAt, type VerifiedBlock } from './block.js'
import { prove } from './storage.js'

/** The word of the epochs as it was proven in a block. */
export type ProvenEpoch = { word: EpochWord; epochLength: number; block: bigint }

/**
 * The word of the epochs that holds at `block`: the one that was proven before as long as it must still hold, else a
 * new proof. A posted beacon fixes the next boundary, and the one after it is an epoch's length away at least.
 */
export async function epochWordAt(connection: Connection, block: VerifiedBlock): Promise<ProvenEpoch> {
  const known = connection.cache.epoch
  if (known && holdsAt(known, block.number)) return known
  const slots = [layout.epoch, layout.parameters]
  const [word = 0n, parameters = 0n] = await prove(connection, block, slots, 'the epoch')
  return rememberEpoch(connection, block, word, parameters)
}

/** The epoch that the next transaction meets, if it meets it soon. */
export async function epochNow(connection: Connection, block?: VerifiedBlock): Promise<number> {
  const newest = block ?? (await blockAt(connection, 'latest'))
  return currentEpoch((await epochWordAt(connection, newest)).word, newest.number).epoch
}

/** Keeps a word that was proven. */
export function rememberEpoch(
  connection: Connection,
  block: VerifiedBlock,
  word: bigint,
  parameters: bigint,
): ProvenEpoch {
  const { epochLength } = unpackParameters(parameters)
  const proven = { word: unpackEpoch(word), epochLength, block: block.number }
  if ((connection.cache.epoch?.block ?? -1n) < proven.block) connection.cache.epoch = proven
  return proven
}

function holdsAt({ word, epochLength, block }: ProvenEpoch, number: bigint): boolean {
  if (number === block) return true
  return number > block && word.nextStart !== 0 && number < BigInt(word.nextStart + epochLength)
}
