// The page: what one declares, and who is richer.
import '../../../web/style.css'
import { type Address, isAddressEqual, zeroAddress } from 'viem'
import { nameOf } from '../../../web/accounts'
import { element } from '../../../web/dom'
import { startPage } from '../../../web/page'
import { millionaires } from './contract'

const amount = element('amount', HTMLInputElement)

const answer = (richer: unknown): string => {
  const account = richer as Address
  return isAddressEqual(account, zeroAddress) ? 'Both own the same.' : `${nameOf(account)} is richer.`
}

const page = startPage(millionaires, () => [])

page.on('declare-form', 'declare-hint', async () => {
  const digits = amount.value.replace(/[\s,._']/g, '')
  if (!/^\d+$/.test(digits)) throw new Error('Expected a whole number of dollars.')
  await page.task({ functionName: 'declare', args: [BigInt(digits)] })
  amount.value = ''
  return 'Declared.'
})

// Nobody needs to say who they are to learn who is richer, so this asks for no signature.
page.on('read', 'answer', async () => answer(await page.read('richer', true)))

page.on('ask', 'answer', async () => answer(await page.task({ functionName: 'richer' })))
