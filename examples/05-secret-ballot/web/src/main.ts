// The page: a vote, the list, the end, and the sums.
import '../../../web/style.css'
import { type Address, getAddress, isAddress } from 'viem'
import { element } from '../../../web/dom'
import { explainer, startPage } from '../../../web/page'
import { abi, bytecode } from '../../Ballot.sol'

const WEEK = 604_800n
/** How many voters a task counts. */
const AT_ONCE = 200n

const explain = explainer({
  NotOwner: 'Only the owner may do that.',
  NotRegistered: 'You are not on the list.',
  NoSuchChoice: 'There is no such choice.',
  Begun: 'The vote has begun: the list is as it is.',
  NotOpen: 'There is no vote now.',
  StillOpen: 'The vote is not over yet.',
  NotCounted: 'The votes are not counted yet.',
})
const field = (id: string) => element(id, HTMLInputElement)
const numberOf = (id: string): bigint => {
  const typed = field(id).value.trim()
  if (!/^[1-9]\d{0,2}$/.test(typed)) throw new Error('Expected a whole number from 1.')
  return BigInt(typed)
}
function people(): Address[] {
  return field('voters')
    .value.split(/[\s,;]+/)
    .filter(Boolean)
    .map((typed) => {
      if (!isAddress(typed, { strict: false })) throw new Error(`${typed} is not an address.`)
      return getAddress(typed)
    })
}

const page = startPage({ name: 'Ballot', abi, bytecode, explain }, () => [numberOf('choices'), WEEK])

page.on('vote-form', 'vote-hint', async () => {
  const choice = numberOf('choice') - 1n
  await page.task({ functionName: 'vote', args: [choice] })
  field('choice').value = ''
  return 'Your vote is in.'
})

page.on('register-form', 'answer', async () => {
  const list = people()
  await page.task({ functionName: 'register', args: [list] })
  field('voters').value = ''
  return `Registered: ${list.length}.`
})

page.on('open', 'answer', async () => {
  await page.task({ functionName: 'open' })
  return 'The vote is open.'
})

page.on('close', 'answer', async () => {
  await page.task({ functionName: 'close' })
  return 'The vote is over.'
})

page.on('count', 'answer', async () => {
  const left = await page.task({ functionName: 'count', args: [AT_ONCE] })
  return left === 0n ? 'All votes are counted.' : `${left} are still to be counted.`
})

page.on('tally', 'answer', async () => {
  const sums = (await page.read('tally', true)) as bigint[]
  return sums.map((sum, place) => `Choice ${place + 1}: ${sum}`).join(' · ')
})
