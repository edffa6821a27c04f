import type { Account, Address, Chain, Client, Hex, Transport } from 'viem'
import { parseAccount } from 'viem/utils'
import { AccountMissingError } from './errors/task.js'
import { type Acknowledge, acknowledged, createAcknowledge, noAcknowledge } from './feed/acknowledge.js'
import type { Feed } from './feed/feed.js'
import type { Network } from './network.js'
import { type Domain, domainOf } from './protocol/receipt.js'
import type { Secret } from './protocol/secret.js'
import { Sessions } from './protocol/session.js'
import type { ReadSession } from './session/reader.js'
import type { ProvenEpoch } from './verify/epoch.js'
import type { Signer } from './verify/group.js'

/** Any viem client; sending takes one with an account. */
export type EnigmaClient = Client<Transport, Chain | undefined, Account | undefined>

export type EnigmaOptions = {
  /**
   * `recoverable` (the default): reply keys derive from a signature of the account, one for each contract, so that any
   * client of the same account reads old results again. `ephemeral`: random and in memory, nothing to sign; what this
   * client does not read while it lives, nobody will.
   */
  replyKeys?: 'recoverable' | 'ephemeral'
  /** API addresses of nodes for private reads, in place of the network's own. */
  nodes?: readonly string[]
  /** Oldest block that a private read may have seen, in blocks behind the newest. Default: 8. */
  maxBlockAge?: number
}

/** What the actions share: a client, a pinned network, and what has been learnt so far. */
export type Connection = {
  readonly client: EnigmaClient
  readonly network: Network
  readonly options: Required<EnigmaOptions>
  /** Of everything that accounts and enclaves sign for this network. */
  readonly domain: Domain
  /** Whether the chain is on this machine. */
  readonly local: boolean
  readonly acknowledge: Acknowledge
  readonly cache: Cache
}

/** What need not be asked or signed twice. In memory only; keys are in `Secret`s, which show themselves to nobody. */
export type Cache = {
  sessions: Sessions | undefined
  /** The check of the chain against the pinned network. */
  verified: Promise<void> | undefined
  epoch: ProvenEpoch | undefined
  feed: Feed | undefined
  readonly viewKeys: Map<string, Promise<Secret>>
  readonly readers: Map<string, { expiry: bigint; session: Promise<ReadSession> }>
  /** The last send of each local account: nonces are taken in turn. */
  readonly sends: Map<Address, Promise<unknown>>
  readonly groups: Map<string, Promise<readonly Signer[]>>
  /** Reply keys of tasks sent with `ephemeral`, by the envelope's hash. */
  readonly replyKeys: Map<Hex, Secret>
  /** Block of the last commit that was verified, by contract. */
  readonly commits: Map<Address, bigint>
  /** Highest block that was verified. */
  newest: bigint
}

/** Connects a client to a pinned network. Asks nobody anything yet. */
export function connect(client: EnigmaClient, network: Network, options: EnigmaOptions = {}): Connection {
  const local = isLocal(client)
  const acknowledge =
    local && client.transport.type === 'webSocket' ? createAcknowledge(client) : noAcknowledge
  return {
    client: acknowledge === noAcknowledge ? client : acknowledged(client, acknowledge),
    network,
    options: {
      replyKeys: options.replyKeys ?? 'recoverable',
      nodes: options.nodes ?? network.nodes,
      maxBlockAge: options.maxBlockAge ?? 8,
    },
    domain: domainOf(network.chainId, network.enigma),
    local,
    acknowledge,
    cache: {
      sessions: undefined,
      verified: undefined,
      epoch: undefined,
      feed: undefined,
      viewKeys: new Map(),
      readers: new Map(),
      sends: new Map(),
      groups: new Map(),
      replyKeys: new Map(),
      commits: new Map(),
      newest: 0n,
    },
  }
}

/** The encryption sessions; made at the first use, because reading the network's key takes milliseconds. */
export function sessionsOf({ cache, network }: Connection): Sessions {
  cache.sessions ??= new Sessions({ network: network.network, publicKey: network.publicKey })
  return cache.sessions
}

/** The account that acts: the one given, or the client's. */
export function accountOf({ client }: Connection, what: string, account?: Account | Address): Account {
  const found = account ?? client.account
  if (!found) throw new AccountMissingError({ what })
  return parseAccount(found)
}

function isLocal({ chain, transport }: EnigmaClient): boolean {
  const url: unknown = transport.url ?? chain?.rpcUrls.default.http[0]
  return chain?.id === 31337 || /^(http|ws):\/\/(127\.0\.0\.1|localhost|\[::1\])/.test(String(url))
}
