// The page: who you are, which contract, and the three things that one can do with it.
import '../../../web/style.css'
import { type Address, getAddress, isAddress, isAddressEqual, zeroAddress } from 'viem'
import { listAccounts, nameOf } from '../../../web/accounts'
import { type Client, createClient } from '../../../web/client'
import { element, onAction, tell } from '../../../web/dom'
import { network } from '../../../web/network'
import { deploy, send } from '../../../web/send'
import { connectWallet } from '../../../web/wallet'
import { explain, millionaires } from './contract'

let client: Client | undefined
let forget = () => {}

const choice = element('account', HTMLSelectElement)
const address = element('contract', HTMLInputElement)
const amount = element('amount', HTMLInputElement)
const say = (id: string) => (error: unknown) => tell(id, explain(error), true)

tell(
  'network',
  network.simulated
    ? 'SIMULATED: a local network keeps no secret from whoever owns the machine'
    : `network ${network.network}`,
)

const wallets = await listAccounts(choice).catch((error) => {
  say('account-hint')(error)
  return []
})

async function connect(): Promise<void> {
  forget()
  const wallet = wallets[Number(choice.value)]
  if (!wallet) throw new Error('There is no wallet here: install one, or build the page for a local network.')
  const account = await connectWallet(wallet.provider)
  client = createClient(account, wallet.provider)
  wallet.provider.on('accountsChanged', reconnect)
  forget = () => wallet.provider.removeListener('accountsChanged', reconnect)
  tell('account-hint', `You are ${nameOf(account)}.`)
}

const reconnect = () => {
  connect().catch(say('account-hint'))
}

async function connected(): Promise<Client> {
  if (!client) await connect()
  if (!client) throw new Error('Connect an account first.')
  return client
}

function use(found: Address): void {
  address.value = found
  const link = new URL(location.href)
  link.searchParams.set('contract', found)
  history.replaceState(null, '', link)
  const share = element('share', HTMLAnchorElement)
  share.href = link.href
  share.hidden = false
  tell('contract-hint', '')
}

function chosen(): Address {
  const typed = address.value.trim()
  if (!isAddress(typed, { strict: false })) throw new Error('Expected an address: 0x and 40 hex digits.')
  return getAddress(typed)
}

const answer = (richer: Address) =>
  tell('answer', isAddressEqual(richer, zeroAddress) ? 'Both own the same.' : `${nameOf(richer)} is richer.`)

onAction('account-form', connect, say('account-hint'))

onAction('contract-form', async () => use(chosen()), say('contract-hint'))

onAction(
  'deploy',
  async () => {
    const deployed = await deploy(await connected(), millionaires)
    use(deployed)
    tell('contract-hint', 'Deployed. Its code is public, its state is not.')
  },
  say('contract-hint'),
)

onAction(
  'declare-form',
  async () => {
    const digits = amount.value.replace(/[\s,._']/g, '')
    if (!/^\d+$/.test(digits)) throw new Error('Expected a whole number of dollars.')
    await send(await connected(), millionaires, {
      address: chosen(),
      functionName: 'declare',
      args: [BigInt(digits)],
    })
    amount.value = ''
    tell('declare-hint', 'Declared.')
  },
  say('declare-hint'),
)

// Nobody needs to say who they are to learn who is richer, so this asks for no signature.
onAction(
  'read',
  async () => {
    const reader = await connected()
    answer(await reader.readSecretContract({ ...question(), anonymous: true }))
  },
  say('answer'),
)

onAction(
  'ask',
  async () => {
    const result = await send(await connected(), millionaires, question())
    answer(result as Address)
  },
  say('answer'),
)

const question = () => ({ address: chosen(), abi: millionaires.abi, functionName: 'richer' }) as const

const linked = new URLSearchParams(location.search).get('contract')
if (linked && isAddress(linked, { strict: false })) use(getAddress(linked))
