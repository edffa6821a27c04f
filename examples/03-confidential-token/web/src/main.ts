// The page. It knows an ERC-20 (token.ts), and neither which library brings it nor whether it is secret.
import '../../../web/style.css'
import {
  type Address,
  formatUnits,
  getAddress,
  isAddress,
  isAddressEqual,
  parseUnits,
  zeroAddress,
} from 'viem'
import { element, onAction, tell, tellPending } from '../../../web/dom'
import { networkWords } from '../../../web/network'
import { connectWallet, localAccounts, localWallet } from '../../../web/wallet'
import type { Connect, Token } from './token'

const options = new URLSearchParams(location.search)
const isPublic = options.get('public') === '1'
const isViem = options.get('lib') === 'viem'

/** Each a front end of its own; `?public` is the same file without its one changed line (vite.config.ts). */
const frontEnd = (): Promise<{ connect: Connect }> => {
  if (isViem) return isPublic ? import('./viem?public') : import('./viem')
  return isPublic ? import('./ethers?public') : import('./ethers')
}

let token: Token | undefined
const account = element('account', HTMLSelectElement)
const address = element('token', HTMLInputElement)
const to = element('to', HTMLInputElement)
const amount = element('amount', HTMLInputElement)
const holder = element('holder', HTMLInputElement)

tell('mode', `${isPublic ? 'public' : 'confidential'}, with ${isViem ? 'viem' : 'ethers'}`)
if (isPublic) tell('title', 'Public token')
else tell('network', networkWords)
address.value = options.get('token') ?? ''

// Not awaited here: a form that is sent before it is wired reloads the page.
const listed = 'ethereum' in window ? [] : listAccounts()
element('account-field').hidden = 'ethereum' in window

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 20 })

const text = (value: bigint): string =>
  `${number.format(formatUnits(value, token?.decimals ?? 18) as `${number}`)} ${token?.symbol ?? ''}`

function parse(input: HTMLInputElement): Address {
  const typed = input.value.trim()
  if (!isAddress(typed, { strict: false })) throw new Error('Expected an address: 0x and 40 hex digits.')
  return getAddress(typed)
}

function connected(): Token {
  if (!token) throw new Error('Connect to a token first.')
  return token
}

async function refresh({ account, balanceOf, transfers }: Token): Promise<void> {
  tell('balance', text(await balanceOf(account)))
  const rows = (await transfers()).map(({ from, to, value, transaction }) => {
    const row = document.createElement('tr')
    row.title = transaction
    for (const cell of [short(from), short(to), text(value)]) row.insertCell().textContent = cell
    row.lastElementChild?.classList.add('number')
    return row
  })
  element('transfers').hidden = rows.length === 0
  element('no-transfers').hidden = rows.length > 0
  element('transfers')
    .querySelector('tbody')
    ?.replaceChildren(...rows.reverse())
}

function short(holder: Address): string {
  return isAddressEqual(holder, zeroAddress) ? 'minted' : `${holder.slice(0, 6)}…${holder.slice(-4)}`
}

/** A failed call's reason, in whatever way the library tells it. */
function explain(error: unknown): string {
  const { shortMessage, reason, message } = error as {
    shortMessage?: string
    reason?: string
    message?: string
  }
  return reason ?? shortMessage ?? message ?? String(error)
}

async function listAccounts(): Promise<Address[]> {
  const locals = await localAccounts().catch((error) => {
    say('status')(error)
    return []
  })
  element('account-field').hidden = locals.length === 0
  for (const [place, local] of locals.entries())
    account.add(new Option(`Account ${place} (${short(local)})`, local))
  return locals
}

function say(id: string): (error: unknown) => void {
  return (error) => tell(id, explain(error), true)
}

onAction(
  'connect-form',
  async () => {
    tellPending('status')
    const at = parse(address)
    if ((await listed).length > 0) window.ethereum = localWallet(account.value as Address)
    if (!window.ethereum) throw new Error('There is no wallet here: install one.')
    await connectWallet(window.ethereum)
    const { connect } = await frontEnd()
    token = await connect(at)
    tell('owner', `You are ${token.account}.`)
    await refresh(token)
    tell('status', `Connected to ${token.name}.`)
  },
  say('status'),
)

onAction(
  'transfer-form',
  async () => {
    tellPending('progress')
    const from = connected()
    const value = parseUnits(amount.value.trim(), from.decimals)
    if ((await from.balanceOf(from.account)) < value) throw new Error('You have less than that.')
    const sent = await from.transfer(parse(to), value)
    tell('progress', `Sent in ${sent.hash}; waiting…`)
    await sent.wait()
    await refresh(from)
    tell('progress', `Sent ${amount.value.trim()} ${from.symbol} to ${short(parse(to))}.`)
    amount.value = ''
  },
  say('progress'),
)

onAction(
  'lookup-form',
  async () => {
    tellPending('found')
    const whose = parse(holder)
    tell('found', text(await connected().balanceOf(whose)))
  },
  say('found'),
)
