import { hexToBigInt, keccak256 } from 'viem'
import { getChainId } from 'viem/actions'
import type { Connection } from '../connection.js'
import { WrongNetworkError, WrongPublicKeyError } from '../errors/network.js'
import { layout } from '../protocol/layout.js'
import { wordToHex } from '../protocol/words.js'
import { blockAt, type VerifiedBlock } from './block.js'
import { rememberEpoch } from './epoch.js'
import { prove } from './storage.js'

/**
 * Checks once that the chain behind the client is the pinned network's: chain id, checkpoint block, and, by Merkle
 * proof, the Enigma contract's own identity and key. Throws {@link WrongNetworkError} or {@link WrongPublicKeyError}.
 */
export function verifyNetwork(connection: Connection): Promise<void> {
  const { cache } = connection
  cache.verified ??= check(connection).catch((error: unknown) => {
    cache.verified = undefined
    throw error
  })
  return cache.verified
}

/** The newest block of the pinned network's chain. */
export async function newestBlock(connection: Connection): Promise<VerifiedBlock> {
  const [block] = await Promise.all([blockAt(connection, 'latest'), verifyNetwork(connection)])
  return block
}

async function check(connection: Connection): Promise<void> {
  const { client, network } = connection
  const chainId = await getChainId(client)
  if (chainId !== network.chainId)
    throw new WrongNetworkError({
      expected: `chain ${network.chainId}`,
      found: `chain ${chainId}`,
      where: 'behind the RPC',
    })
  const [checkpoint, block] = await Promise.all([
    blockAt(connection, BigInt(network.checkpointNumber)),
    blockAt(connection, 'latest'),
  ])
  if (checkpoint.hash !== network.checkpointHash)
    throw new WrongNetworkError({
      expected: `checkpoint ${network.checkpointHash}`,
      found: checkpoint.hash,
      where: `at block ${network.checkpointNumber}`,
    })
  const slots = [layout.network, layout.compressedKeyHash, layout.epoch, layout.parameters]
  const [id = 0n, keyHash = 0n, epoch = 0n, parameters = 0n] = await prove(
    connection,
    block,
    slots,
    'the network',
  )
  const pinnedKey = keccak256(network.publicKey)
  if (id !== 0n && keyHash !== hexToBigInt(pinnedKey))
    throw new WrongPublicKeyError({ expected: pinnedKey, found: wordToHex(keyHash) })
  if (id !== hexToBigInt(network.network))
    throw new WrongNetworkError({
      expected: network.network,
      found: wordToHex(id),
      where: `at ${network.enigma}`,
    })
  rememberEpoch(connection, block, epoch, parameters)
}
