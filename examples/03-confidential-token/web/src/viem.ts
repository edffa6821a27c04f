// An ordinary ERC-20 front end on viem.
import { wrapProvider } from 'enigma-js'
import { createPublicClient, createWalletClient, custom, getContract, parseAbi } from 'viem'
import { chain, network } from '../../../web/network'
import { abi } from './abi'
import type { Connect } from './token'

export const connect: Connect = async (address) => {
  // For a public token this line is:
  // const transport = custom(window.ethereum)
  const transport = custom(wrapProvider(window.ethereum, network))
  const reader = createPublicClient({ chain, transport, pollingInterval: 500 })
  const [account] = await createWalletClient({ chain, transport }).requestAddresses()
  if (!account) throw new Error('The wallet gave no account.')
  const wallet = createWalletClient({ account, chain, transport })
  const token = getContract({ address, abi: parseAbi(abi), client: { public: reader, wallet } })
  return {
    account,
    name: await token.read.name(),
    symbol: await token.read.symbol(),
    decimals: await token.read.decimals(),
    balanceOf: (holder) => token.read.balanceOf([holder], { account }),
    async transfer(to, value) {
      const hash = await token.write.transfer([to, value])
      return {
        hash,
        async wait() {
          const { status } = await reader.waitForTransactionReceipt({ hash })
          if (status === 'reverted') throw new Error('The transfer was reverted.')
        },
      }
    },
    async transfers() {
      const events = await token.getEvents.Transfer(undefined, { fromBlock: 'earliest' })
      return events.map(({ args, transactionHash }) => ({
        from: args.from ?? '0x',
        to: args.to ?? '0x',
        value: args.value ?? 0n,
        transaction: transactionHash,
      }))
    },
  }
}
