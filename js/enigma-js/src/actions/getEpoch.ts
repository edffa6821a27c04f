import type { Connection } from '../connection.js'
import { currentEpoch } from '../protocol/words.js'
import { epochWordAt } from '../verify/epoch.js'
import { newestBlock } from '../verify/network.js'

/** The running epoch. */
export type Epoch = {
  epoch: number
  /** Its first block. */
  start: number
  /** First block of the next one; undefined until that one's beacon is posted. */
  nextStart: number | undefined
  /** Blocks of an epoch. */
  length: number
  /** The newest block, at which this was read. */
  block: bigint
}

/** The network's epoch, by Merkle proof. */
export async function getEpoch(connection: Connection): Promise<Epoch> {
  const block = await newestBlock(connection)
  const { word, epochLength } = await epochWordAt(connection, block)
  const { epoch, start } = currentEpoch(word, block.number)
  const nextStart = word.epoch === epoch && word.nextStart !== 0 ? word.nextStart : undefined
  return { epoch, start, nextStart, length: epochLength, block: block.number }
}
