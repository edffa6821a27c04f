// The page: paying in under a note, and taking out to an account that nobody knows.
import '../../../web/style.css'
import {
  encodeAbiParameters,
  formatEther,
  getAddress,
  type Hex,
  isHex,
  keccak256,
  parseEther,
  size,
  toHex,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { element, tell } from '../../../web/dom'
import { explainer, startPage } from '../../../web/page'
import { abi, bytecode } from '../../Mixer.sol'
import { withdrawal } from './withdraw'

/** What a relayer gets, in ether: more than a task costs it here. */
const RELAY_FEE = parseEther('0.01')

const explain = explainer({
  WrongDeposit: 'Everybody pays in the same sum.',
  NoteInUse: 'This note has been used.',
  NoSuchNote: 'There is no money under this note, or no more.',
})
const field = (id: string) => element(id, HTMLInputElement)

function denomination(): bigint {
  const typed = field('denomination').value.trim()
  if (!/^\d+(\.\d{1,18})?$/.test(typed)) throw new Error('Expected an amount of ether, such as 1.')
  return parseEther(typed)
}

function spent(): Hex {
  const typed = field('spend').value.trim()
  if (!isHex(typed) || size(typed) !== 32) throw new Error('Expected a note: 0x and 64 hex digits.')
  return typed
}

/** All that were made here: one that is not shown any more is money that nobody has. */
const notes: Hex[] = []
/** The same of the accounts that money was taken out to: `address: key`. */
const keys: string[] = []
window.addEventListener('beforeunload', (event) => {
  if (notes.length + keys.length > 0) event.preventDefault()
})

const page = startPage({ name: 'Mixer', abi, bytecode, explain }, () => [denomination(), RELAY_FEE])

page.on('deposit', 'deposit-hint', async () => {
  const value = (await page.read('denomination', true)) as bigint
  const note = toHex(crypto.getRandomValues(new Uint8Array(32)))
  // Shown before anything is paid: money under a note that nobody has is lost.
  notes.push(note)
  tell('note', notes.join('\n'))
  await page.task({
    functionName: 'deposit',
    args: [keccak256(encodeAbiParameters([{ type: 'bytes32' }], [note]))],
    value,
  })
  return `Paid in ${formatEther(value)} ETH, one of ${await page.read('crowd', true)} deposits. Keep the note.`
})

page.on('withdraw-form', 'answer', async () => {
  const [note, key] = [spent(), generatePrivateKey()]
  const fresh = privateKeyToAccount(key)
  keys.push(`${fresh.address}: ${key}`)
  tell('key-hint', 'Each fresh account and its key, which is stored nowhere:')
  tell('key', keys.join('\n'))
  const address = getAddress(field('contract').value.trim())
  await page.relay((relayer) => withdrawal(relayer, fresh, { address, abi, note }))
  field('spend').value = ''
  return `Taken out to ${fresh.address}.`
})
