// The page: a deposit, a bid, the end, and what is left.
import '../../../web/style.css'
import { type Address, formatEther, parseEther, zeroAddress } from 'viem'
import { nameOf } from '../../../web/accounts'
import { element } from '../../../web/dom'
import { explainer, startPage } from '../../../web/page'
import { abi, bytecode } from '../../Auction.sol'

const WEEK = 604_800n
/** Plain ether out, by the schedule. */
const TRANSFER_GAS = 75_000n
/** How many losers a task pays, at most. */
const AT_ONCE = 50n

const explain = explainer({
  Entered: 'You have paid your deposit already.',
  NotEntered: 'Pay the deposit first.',
  BeyondDeposit: 'A bid cannot be more than the deposit.',
  Closed: 'The auction is over.',
  StillOpen: 'The auction is not over yet.',
  NotSettled: 'Nothing is settled yet.',
  NotEnough: 'You have less than that.',
})
const field = (id: string) => element(id, HTMLInputElement)
const amountOf = (id: string): bigint => {
  const typed = field(id).value.trim()
  if (!/^\d+(\.\d{1,18})?$/.test(typed)) throw new Error('Expected an amount of ether, such as 0.4.')
  const amount = parseEther(typed)
  if (amount === 0n) throw new Error('Expected more than nothing.')
  return amount
}
const eth = (wei: unknown) => `${formatEther(wei as bigint)} ETH`

const page = startPage({ name: 'Auction', abi, bytecode, explain }, () => [amountOf('deposit'), WEEK])

page.on('enter', 'bid-hint', async () => {
  const value = (await page.read('deposit', true)) as bigint
  await page.task({ functionName: 'enter', value })
  return `You have entered with ${eth(value)}.`
})

page.on('bid-form', 'bid-hint', async () => {
  const bid = amountOf('amount')
  await page.task({ functionName: 'bid', args: [bid], title: `bid(${eth(bid)})` })
  field('amount').value = ''
  return 'Your bid is in.'
})

page.on('mine', 'bid-hint', async () => {
  const [bid, balance] = [await page.read('myBid'), await page.read('myBalance')]
  return `Your bid is ${eth(bid)}, your balance ${eth(balance)}.`
})

page.on('close', 'answer', async () => {
  await page.task({ functionName: 'close' })
  return 'Closed.'
})

page.on('settle', 'answer', async () => {
  const [, , unsettled] = (await page.read('progress', true)) as [bigint, boolean, bigint]
  const most = unsettled < AT_ONCE ? unsettled : AT_ONCE
  const left = await page.task({ functionName: 'settle', args: [most], outbound: most * TRANSFER_GAS })
  return left === 0n ? 'Settled: every loser has its deposit back.' : `${left} are still to be settled.`
})

page.on('winner', 'answer', async () => {
  const winner = (await page.read('winner', true)) as Address
  return winner === zeroAddress ? 'Nobody bid.' : `${nameOf(winner)} has won.`
})

page.on('withdraw-form', 'answer', async () => {
  const { account } = await page.connected()
  const amount = amountOf('piece')
  await page.task({
    functionName: 'withdraw',
    args: [account.address, amount],
    outbound: TRANSFER_GAS,
    title: `withdraw(${nameOf(account.address)}, ${eth(amount)})`,
  })
  return `${eth(amount)} are yours on Ethereum.`
})
