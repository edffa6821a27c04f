// All that the page shows, and how it changes: a pure function of what was and what happened.
import { flows, type Sample } from '../topology/traffic'
import type { Opened, WalletState } from '../unlock/types'
import { noWallet } from '../unlock/types'
import { type Filter, filterKey, type Route } from './route'
import type { Hex } from './schema'
import type { Worker } from './types'
import {
  type Block,
  type Contract,
  type Epoch,
  type Group,
  type Health,
  type Network,
  type Task,
  taskKey,
} from './types'

/** How news reach the page. */
export type Link = 'connecting' | 'live' | 'polling' | 'lost'
export type Theme = 'system' | 'light' | 'dark'

/** Tasks that match a filter, newest first, as far as they were fetched. */
export type TaskList = { readonly keys: readonly string[]; readonly more: boolean }

export type State = {
  /** The node's address. */
  readonly node: string
  /** Whether that is another than the page's own. */
  readonly foreign: boolean
  readonly route: Route
  /** Unix seconds. */
  readonly now: number
  readonly link: Link
  readonly theme: Theme
  readonly network: Network | null
  /** Why the descriptor is not to be believed, if so. */
  readonly networkProblem: string | null
  readonly health: Health | null
  readonly epoch: Epoch | null
  readonly block: Block | null
  /** Seconds a block takes, of late. */
  readonly blockTime: number | null
  readonly workers: readonly Worker[] | null
  readonly contracts: ReadonlyMap<string, Contract> | null
  readonly groups: ReadonlyMap<string, Group>
  readonly tasks: ReadonlyMap<string, Task>
  readonly lists: ReadonlyMap<string, TaskList>
  readonly topology: Sample | null
  readonly rates: ReadonlyMap<string, number>
  /** What could not be had, and why, by name. */
  readonly problems: ReadonlyMap<string, string>
  /** The node of the topology that is looked at. */
  readonly chosen: string | null
  /** Width that the topology has, pixels. */
  readonly width: number
  /** What just happened, for eyes and screen readers; gone after a while. */
  readonly notice: string | null
  readonly wallet: WalletState
  readonly opened: ReadonlyMap<string, Opened>
}

export type Happening =
  | {
      readonly type: 'patch'
      readonly patch: Partial<Pick<State, 'route' | 'now' | 'link' | 'theme' | 'chosen' | 'width' | 'notice'>>
    }
  | { readonly type: 'network'; readonly network: Network; readonly problem: string | null }
  | { readonly type: 'health'; readonly health: Health }
  | { readonly type: 'epoch'; readonly epoch: Epoch }
  | { readonly type: 'block'; readonly block: Block }
  | { readonly type: 'workers'; readonly workers: readonly Worker[] }
  | { readonly type: 'contracts'; readonly contracts: readonly Contract[] }
  | { readonly type: 'contract'; readonly contract: Contract }
  | { readonly type: 'group'; readonly contract: Hex; readonly group: Group }
  | { readonly type: 'topology'; readonly sample: Sample }
  /** Asked for by contract and index. */
  | { readonly type: 'task'; readonly task: Task }
  /** Told by a subscription. */
  | { readonly type: 'taskCreated' | 'taskCommitted'; readonly task: Task }
  | {
      readonly type: 'tasks'
      readonly filter: Filter
      readonly tasks: readonly Task[]
      /** The first page replaces the list, older ones extend it. */
      readonly older: boolean
      readonly limit: number
    }
  | { readonly type: 'problem'; readonly name: string; readonly message: string | null }
  | { readonly type: 'wallet'; readonly wallet: Partial<WalletState> }
  | { readonly type: 'opened'; readonly key: string; readonly opened: Opened }
  | { readonly type: 'locked' }

export function initial(node: string, foreign: boolean, route: Route, theme: Theme, now: number): State {
  return {
    node,
    foreign,
    route,
    now,
    link: 'connecting',
    theme,
    network: null,
    networkProblem: null,
    health: null,
    epoch: null,
    block: null,
    blockTime: null,
    workers: null,
    contracts: null,
    groups: new Map(),
    tasks: new Map(),
    lists: new Map(),
    topology: null,
    rates: new Map(),
    problems: new Map(),
    chosen: null,
    width: 0,
    notice: null,
    wallet: noWallet,
    opened: new Map(),
  }
}

const with_ = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> =>
  new Map(map).set(key, value)

/** Lists of committed tasks tell neither the worker nor what was done outside; what an earlier answer told is kept. */
function merged(known: Task | undefined, task: Task): Task {
  if (known?.committed?.transaction !== task.committed?.transaction) return task
  return {
    ...task,
    worker: task.worker ?? known?.worker ?? null,
    outbound: task.outbound ?? known?.outbound ?? null,
  }
}

function withTasks(state: State, tasks: readonly Task[]): State {
  const next = new Map(state.tasks)
  for (const task of tasks) next.set(taskKey(task), merged(next.get(taskKey(task)), task))
  return { ...state, tasks: next }
}

export const matches = (filter: Filter, task: Task) =>
  (!filter.contract || filter.contract === task.contract) && (!filter.sender || filter.sender === task.sender)

/** Puts a new task on top of each list that it belongs to. */
function listed(state: State, task: Task): State['lists'] {
  const key = taskKey(task)
  const next = new Map(state.lists)
  for (const [name, list] of next) {
    const [contract, sender] = name.split('|') as [Hex | '', Hex | '']
    if (
      !list.keys.includes(key) &&
      matches({ contract: contract || undefined, sender: sender || undefined }, task)
    )
      next.set(name, { ...list, keys: [key, ...list.keys] })
  }
  return next
}

function withList(state: State, happening: Extract<Happening, { type: 'tasks' }>): State {
  const name = filterKey(happening.filter)
  const fetched = happening.tasks.map(taskKey)
  const known = state.lists.get(name)
  const full = fetched.length >= happening.limit
  let list: TaskList
  if (!known) list = { keys: fetched, more: full }
  else if (happening.older)
    list = { keys: [...known.keys, ...fetched.filter((key) => !known.keys.includes(key))], more: full }
  else {
    // The first page again: what follows its last task stays, if the two still join.
    const join = known.keys.indexOf(fetched.at(-1) ?? '')
    list =
      full && join >= 0
        ? { keys: [...fetched, ...known.keys.slice(join + 1)], more: known.more }
        : { keys: fetched, more: full }
  }
  return { ...withTasks(state, happening.tasks), lists: with_(state.lists, name, list) }
}

function withBlock(state: State, block: Block): State {
  const before = state.block
  let blockTime = state.blockTime
  if (before && block.number > before.number && block.timestamp >= before.timestamp) {
    const measured = (block.timestamp - before.timestamp) / (block.number - before.number)
    blockTime = blockTime === null ? measured : 0.9 * blockTime + 0.1 * measured
  }
  const epoch = state.epoch && { ...state.epoch, height: block.number }
  return { ...state, block, blockTime, epoch }
}

export function reduce(state: State, happening: Happening): State {
  switch (happening.type) {
    case 'patch':
      return { ...state, ...happening.patch }
    case 'network':
      return { ...state, network: happening.network, networkProblem: happening.problem }
    case 'health':
      return { ...state, health: happening.health }
    case 'epoch':
      return {
        ...state,
        epoch: happening.epoch,
        // A new epoch draws new groups.
        groups: state.epoch && state.epoch.epoch !== happening.epoch.epoch ? new Map() : state.groups,
      }
    case 'block':
      return withBlock(state, happening.block)
    case 'workers':
      return { ...state, workers: happening.workers }
    case 'contracts':
      return {
        ...state,
        contracts: new Map(happening.contracts.map((contract) => [contract.address, contract])),
      }
    case 'contract':
      return {
        ...state,
        contracts: with_(state.contracts ?? new Map(), happening.contract.address, happening.contract),
      }
    case 'group':
      return { ...state, groups: with_(state.groups, happening.contract, happening.group) }
    case 'topology':
      return {
        ...state,
        topology: happening.sample,
        rates: flows(state.topology, happening.sample, state.rates),
      }
    case 'task':
      return withTasks(state, [happening.task])
    case 'taskCreated': {
      const known = state.tasks.get(taskKey(happening.task))
      // The news may come after the receipt's; only another block (a reorganisation) makes it newer.
      if (known?.created.blockHash === happening.task.created.blockHash) return state
      return { ...withTasks(state, [happening.task]), lists: listed(state, happening.task) }
    }
    case 'taskCommitted':
      return { ...withTasks(state, [happening.task]), lists: listed(state, happening.task) }
    case 'tasks':
      return withList(state, happening)
    case 'problem': {
      const problems = new Map(state.problems)
      if (happening.message === null) problems.delete(happening.name)
      else problems.set(happening.name, happening.message)
      return { ...state, problems }
    }
    case 'wallet':
      return { ...state, wallet: { ...state.wallet, ...happening.wallet } }
    case 'opened':
      return { ...state, opened: with_(state.opened, happening.key, happening.opened) }
    case 'locked':
      return { ...state, opened: new Map(), wallet: { ...state.wallet, unlocked: new Map(), problem: null } }
  }
}

/** The tasks of a list. */
export function tasksOf(state: State, filter: Filter): { tasks: readonly Task[]; more: boolean } | null {
  const list = state.lists.get(filterKey(filter))
  if (!list) return null
  return {
    tasks: list.keys.map((key) => state.tasks.get(key)).filter((task) => task !== undefined),
    more: list.more,
  }
}

/** Blocks of the epoch that have passed, and all of it. Epoch 1 has no length of its own. */
export function progress(epoch: Epoch): { passed: number; of: number; left: number; late: boolean } {
  const end = epoch.nextStart && epoch.nextStart > epoch.start ? epoch.nextStart : epoch.start + epoch.length
  const of = Math.max(1, end - epoch.start)
  const passed = Math.max(0, epoch.height - epoch.start)
  return {
    passed: Math.min(passed, of),
    of,
    left: Math.max(0, of - passed),
    late: passed >= of && epoch.nextStart === null,
  }
}
