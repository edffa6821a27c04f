// Connecting a wallet, unlocking contracts, and decrypting what is then readable.
import type { Hex } from '../model/schema'
import type { Happening, State } from '../model/state'
import { type Task, taskKey } from '../model/types'
import type { Actions } from '../views/actions'
import { parseAbiText } from './decode'
import { ClosedResultError, ViewKeys } from './session'
import { accounts, ask, chainId, discover, type FoundWallet, type Provider } from './wallet'

type Unlocking = Pick<
  Actions,
  'connect' | 'disconnect' | 'switchChain' | 'unlock' | 'lock' | 'loadAbi' | 'forgetAbi'
> & {
  /** Decrypts what came within reach since. */
  settle: () => void
}

/** Results that are decrypted at the same time. */
const AT_ONCE = 4

export function makeUnlocking(
  get: () => State,
  tell: (happening: Happening) => void,
  changed: () => void,
): Unlocking {
  const keys = new ViewKeys()
  const found = new Map<string, FoundWallet>()
  const opening = new Set<string>()
  let provider: Provider | undefined
  /** Grows when everything is locked: what was under way then is dropped. */
  let generation = 0

  discover((wallet) => {
    found.set(wallet.id, wallet)
    tellWallet({ wallets: [...found.values()].map(({ id, name }) => ({ id, name })) })
  })

  function tellWallet(wallet: Partial<State['wallet']>) {
    tell({ type: 'wallet', wallet })
  }

  function lock() {
    generation += 1
    keys.lock()
    opening.clear()
    tell({ type: 'locked' })
  }

  function settleAccount(list: readonly Hex[]) {
    const account = list[0] ?? null
    if (account === get().wallet.account) return
    lock()
    tellWallet({ account })
    changed()
  }

  const onAccounts = (value: unknown) =>
    settleAccount(Array.isArray(value) ? value.map((item) => String(item).toLowerCase() as Hex) : [])
  const onChain = (value: unknown) => tellWallet({ chainId: Number(value) })

  async function connect(id: string) {
    const wallet = found.get(id)
    if (!wallet) return
    disconnect()
    tellWallet({ busy: true, problem: null })
    try {
      const list = await accounts(wallet.provider, 'eth_requestAccounts')
      const chain = await chainId(wallet.provider)
      provider = wallet.provider
      provider.on?.('accountsChanged', onAccounts)
      provider.on?.('chainChanged', onChain)
      tellWallet({ connected: wallet.name, chainId: chain })
      settleAccount(list)
    } catch (error) {
      tellWallet({ problem: messageOf(error) })
    } finally {
      tellWallet({ busy: false })
    }
  }

  function disconnect() {
    provider?.removeListener?.('accountsChanged', onAccounts)
    provider?.removeListener?.('chainChanged', onChain)
    provider = undefined
    lock()
    tellWallet({ account: null, connected: null, chainId: null, problem: null })
  }

  async function unlock(contract: Hex) {
    const { network, wallet } = get()
    const { account } = wallet
    if (!provider || !network || !account) return
    const before = generation
    const stage = (value?: 'asking' | 'open') => {
      const unlocked = new Map(get().wallet.unlocked)
      if (value) unlocked.set(contract, value)
      else unlocked.delete(contract)
      return unlocked
    }
    tellWallet({ unlocked: stage('asking'), problem: null })
    try {
      await keys.unlock(provider, network, account, contract)
      if (generation !== before) return keys.forget(account, contract)
      tellWallet({ unlocked: stage('open') })
    } catch (error) {
      if (generation === before) tellWallet({ unlocked: stage(), problem: messageOf(error) })
    }
  }

  async function open(task: Task, account: Hex) {
    const { network } = get()
    const key = taskKey(task)
    if (!provider || !network) return
    const before = generation
    opening.add(key)
    tell({ type: 'opened', key, opened: { state: 'opening' } })
    let opened: Parameters<typeof tell>[0]
    try {
      opened = {
        type: 'opened',
        key,
        opened: { state: 'open', output: await keys.open(provider, network, account, task) },
      }
    } catch (error) {
      const text = error instanceof ClosedResultError ? error.message : messageOf(error)
      opened = { type: 'opened', key, opened: { state: 'closed', reason: text } }
    }
    if (generation !== before) return
    opening.delete(key)
    tell(opened)
  }

  function settle() {
    const { wallet, tasks, opened } = get()
    const { account, unlocked } = wallet
    if (!account || !unlocked.size) return
    for (const task of tasks.values()) {
      if (opening.size >= AT_ONCE) return
      const key = taskKey(task)
      if (
        task.sender === account &&
        task.committed &&
        unlocked.get(task.contract) === 'open' &&
        !opened.has(key) &&
        !opening.has(key)
      )
        void open(task, account)
    }
  }

  function setAbi(contract: Hex, loaded: { name: string; text: string } | null) {
    const { wallet } = get()
    const [abis, abiProblems] = [new Map(wallet.abis), new Map(wallet.abiProblems)]
    abis.delete(contract)
    abiProblems.delete(contract)
    try {
      if (loaded) abis.set(contract, { name: loaded.name.slice(0, 80), abi: parseAbiText(loaded.text) })
    } catch (error) {
      abiProblems.set(contract, messageOf(error))
    }
    tellWallet({ abis, abiProblems })
  }

  return {
    connect: (id) => void connect(id),
    disconnect,
    switchChain: () => {
      const { network } = get()
      if (!provider || !network) return
      ask(provider, 'wallet_switchEthereumChain', [{ chainId: `0x${network.chainId.toString(16)}` }]).catch(
        (error) => tellWallet({ problem: messageOf(error) }),
      )
    },
    unlock: (contract) => void unlock(contract),
    lock,
    loadAbi: (contract, name, text) => setAbi(contract, { name, text }),
    forgetAbi: (contract) => setAbi(contract, null),
    settle,
  }
}

const messageOf = (error: unknown) =>
  error instanceof Error ? error.message.slice(0, 300) : 'Something went wrong.'
