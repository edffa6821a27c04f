// An ordinary ERC-20 front end on ethers v6.
import { wrapProvider } from 'enigma-js'
import {
  BrowserProvider,
  Contract,
  type ContractMethod,
  type ContractTransactionResponse,
  type EventLog,
} from 'ethers'
import { network } from '../../../web/network'
import { abi } from './abi'
import type { Connect } from './token'

type Erc20 = {
  name: ContractMethod<[], string, string>
  symbol: ContractMethod<[], string, string>
  decimals: ContractMethod<[], bigint, bigint>
  balanceOf: ContractMethod<[holder: string], bigint, bigint>
  transfer: ContractMethod<[to: string, value: bigint], boolean, ContractTransactionResponse>
}

export const connect: Connect = async (address) => {
  // For a public token this line is:
  // const provider = new BrowserProvider(window.ethereum)
  const provider = new BrowserProvider(wrapProvider(window.ethereum, network))
  provider.pollingInterval = 500
  const signer = await provider.getSigner()
  const token = new Contract(address, abi, signer) as Contract & Erc20
  return {
    account: signer.address as `0x${string}`,
    name: await token.name(),
    symbol: await token.symbol(),
    decimals: Number(await token.decimals()),
    balanceOf: (holder) => token.balanceOf(holder),
    async transfer(to, value) {
      const sent = await token.transfer(to, value)
      return {
        hash: sent.hash as `0x${string}`,
        async wait() {
          await sent.wait()
        },
      }
    },
    async transfers() {
      const events = (await token.queryFilter('Transfer')) as EventLog[]
      return events.map(({ args, transactionHash }) => ({
        from: args.from,
        to: args.to,
        value: args.value,
        transaction: transactionHash as `0x${string}`,
      }))
    },
  }
}
