// What the pages of the examples have in common: who you are, which contract, and its tasks.
import type { TaskResult } from 'enigma-js'
import { type Abi, type Address, type BaseError, getAddress, isAddress } from 'viem'
import { listAccounts, nameOf } from './accounts'
import { type Client, createClient } from './client'
import { element, onAction, tell, tellPending } from './dom'
import { network, networkWords, rpc } from './network'
import { type Call, type Contract, type Course, deploy, follow, send } from './send'
import { ether } from './task'
import { connectWallet } from './wallet'

/** Why something failed, for a person: `reasons` are of the contract's own errors. */
export const explainer =
  (reasons: Record<string, string>) =>
  (error: unknown): string => {
    for (const [name, reason] of Object.entries(reasons)) {
      if (new RegExp(`\\b${name}\\(`).test(String(error))) return reason
    }
    if (!(error instanceof Error)) return String(error)
    const { shortMessage = error.message, details = '' } = error as BaseError
    if (/insufficient funds/i.test(details))
      return 'This account has not enough ether: a task is paid ahead, and what it does not use is credited.'
    if (network.simulated && /^HTTP request failed|took too long/.test(shortMessage))
      return `Nobody answers at ${rpc}. Is the local network up? ./enigma up starts it.`
    return shortMessage
  }

/** A page that has begun. */
export type Page = {
  /** The connected client; connects if need be. */
  connected(): Promise<Client>
  /** Sends a task to the chosen contract. */
  task(call: Omit<Call, 'address'>): Promise<unknown>
  /** Sends a task that another account has signed, and follows it. */
  relay(course: (relayer: Client) => Course): Promise<TaskResult>
  /** Reads from it in private, as the account; anonymously needs no signature. */
  read(functionName: string, anonymous?: boolean, args?: readonly unknown[]): Promise<unknown>
  /** Runs `action` on this form or button and says what it answers, or why it failed, in `place`. */
  on(id: string, place: string, action: () => Promise<string>): void
}

/**
 * Wires the account and the contract of a page, at once: a button that is pressed before its page is wired sends a form.
 * `args` gives what a new contract is deployed with.
 */
export function startPage(contract: Contract, args: () => readonly unknown[]): Page {
  let client: Client | undefined
  const places = new Set<string>()
  let forget = () => {}
  const address = element('contract', HTMLInputElement)
  const choice = element('account', HTMLSelectElement)
  const say = (id: string) => (error: unknown) => tell(id, contract.explain(error), true)

  tell('network', networkWords)
  let listed = listAccounts(choice).catch((error) => {
    say('account-hint')(error)
    return []
  })

  async function connect(): Promise<void> {
    let wallets = await listed
    if (wallets.length === 0) {
      // If nobody answered then, somebody may now.
      wallets = await listAccounts(choice)
      listed = Promise.resolve(wallets)
    }
    forget()
    const wallet = wallets[Number(choice.value)]
    if (!wallet)
      throw new Error('There is no wallet here: install one, or build the page for a local network.')
    const account = await connectWallet(wallet.provider)
    client = createClient(account, wallet.provider)
    wallet.provider.on('accountsChanged', reconnect)
    forget = () => wallet.provider.removeListener('accountsChanged', reconnect)
    tell('account-hint', `You are ${nameOf(account)}.`)
    // What was said to another account.
    for (const place of places) if (!element(place).classList.contains('pending')) tell(place, '')
    await showCredit(client)
  }
  /** What the network owes the account: tasks pay ahead. It is no reason to fail that it cannot be told. */
  async function showCredit(asked: Client): Promise<void> {
    const credit = await asked.getCredits().catch(() => 0n)
    if (asked !== client) return
    element('owed').hidden = credit === 0n
    tell('credit', `The network owes you ${ether(credit)}: what your tasks did not use, or what came back.`)
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

  /** Does something that the account pays for. */
  async function paying<T>(action: (payer: Client) => Promise<T>): Promise<T> {
    const payer = await connected()
    return action(payer).finally(() => showCredit(payer))
  }

  onAction('account-form', connect, say('account-hint'))
  onAction('contract-form', async () => use(chosen()), say('contract-hint'))
  onAction(
    'deploy',
    async () => {
      tellPending('contract-hint')
      use(await paying((payer) => deploy(payer, contract, args())))
      tell('contract-hint', 'Deployed. Its code is public, its state is not.')
    },
    say('contract-hint'),
  )
  onAction(
    'pay-out',
    () =>
      paying(async (payer) => {
        tellPending('credit')
        await payer.waitForTransactionReceipt({ hash: await payer.withdraw() })
      }),
    say('account-hint'),
  )
  const linked = new URLSearchParams(location.search).get('contract')
  if (linked && isAddress(linked, { strict: false })) use(getAddress(linked))

  return {
    connected,
    task: (call) => paying((payer) => send(payer, contract, { ...call, address: chosen() })),
    relay: (course) => paying((payer) => follow(payer, contract, course(payer))),
    read: async (functionName, anonymous = false, readArgs = []) =>
      (await connected()).readSecretContract({
        address: chosen(),
        abi: contract.abi as Abi,
        functionName,
        args: readArgs,
        anonymous,
      }),
    on(id, place, action) {
      places.add(place)
      const told = async () => {
        tellPending(place)
        tell(place, await action())
      }
      onAction(id, told, say(place))
    },
  }
}
