import { decodeFunctionData, type Hex } from 'viem'
import { enigmaAbi } from '../src/abi.js'
import { maxFee } from '../src/protocol/fees.js'

/** What a task that was sent costs at most, wei, by its calldata; without its value. */
export function dueOf({ input }: { input: Hex }): bigint {
  const { args } = decodeFunctionData({ abi: enigmaAbi, data: input })
  return maxFee(args?.[3] as Parameters<typeof maxFee>[0])
}
