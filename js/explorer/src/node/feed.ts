// Keeps the state current: subscriptions where there is news to have, polling for the rest, and only of what is looked
// at. One request of a kind at a time; nothing while the page is hidden.
import { type Filter, filterKey } from '../model/route'
import type { Happening, State } from '../model/state'
import { readBlock, readEpoch, readTask, taskKey } from '../model/types'
import { describe } from '../unlock/protocol'
import type { Api } from './api'
import { NOT_FOUND, NodeError, type Topic } from './rpc'

export const PAGE = 50

type Need = {
  readonly name: string
  /** Seconds between two questions; undefined: not wanted now. */
  readonly every: (state: State) => number | undefined
  readonly ask: (state: State) => Promise<void>
}

export type Feed = {
  /** Asks for what is due. Called about once a second, and when the route changes. */
  readonly tick: () => void
  /** Asks for everything that is shown, now. */
  readonly refresh: () => void
  readonly news: (topic: Topic, result: unknown) => void
  readonly older: (filter: Filter) => Promise<void>
}

/** The filter of the list that a view shows. */
export function shownFilter(state: State): Filter | undefined {
  const { route, wallet } = state
  if (route.view === 'overview') return {}
  if (route.view === 'tasks') return { contract: route.contract, sender: route.sender }
  if (route.view === 'contract') return { contract: route.contract }
  if (route.view === 'unlock' && wallet.account) return { sender: wallet.account }
  return undefined
}

export function makeFeed(api: Api, get: () => State, tell: (happening: Happening) => void): Feed {
  const asked = new Map<string, number>()
  const pending = new Set<string>()
  /** What is being asked while news of it came: the answer may be older than the news. */
  const overtaken = new Set<string>()
  const now = () => performance.now() / 1_000

  const views =
    (...names: State['route']['view'][]) =>
    (state: State) =>
      names.includes(state.route.view)
  const when =
    (wanted: (state: State) => boolean, seconds: number, unlessLive = seconds) =>
    (state: State) =>
      wanted(state) ? (state.link === 'live' ? seconds : unlessLive) : undefined

  const contractOf = (state: State) => ('contract' in state.route ? state.route.contract : undefined)
  const inList = (state: State) => {
    const filter = shownFilter(state)
    const keys = filter && state.lists.get(filterKey(filter))?.keys
    return keys?.slice(0, PAGE).some((key) => state.tasks.get(key)?.committed === null) ?? false
  }

  const needs: readonly Need[] = [
    {
      name: 'network',
      every: (state) => (state.network ? 60 : 2),
      ask: async () => {
        const network = await api.network()
        tell({ type: 'network', network, problem: describe(network) })
      },
    },
    { name: 'health', every: () => 5, ask: async () => tell({ type: 'health', health: await api.health() }) },
    {
      name: 'epoch',
      every: when(() => true, 15, 3),
      ask: async () => tell({ type: 'epoch', epoch: await api.epoch() }),
    },
    {
      name: 'workers',
      every: when(views('overview', 'epochs', 'workers', 'contract'), 15),
      ask: async () => tell({ type: 'workers', workers: await api.workers() }),
    },
    {
      name: 'contracts',
      every: when(views('overview', 'contracts', 'epochs'), 10, 5),
      ask: async () => tell({ type: 'contracts', contracts: await api.contracts() }),
    },
    {
      name: 'contract',
      every: when(views('contract'), 5),
      ask: async (state) => {
        const contract = contractOf(state)
        if (contract) tell({ type: 'contract', contract: await api.contract(contract) })
      },
    },
    {
      name: 'group',
      every: when((state) => views('epochs', 'contract')(state) && contractOf(state) !== undefined, 10),
      ask: async (state) => {
        const contract = contractOf(state)
        if (contract) tell({ type: 'group', contract, group: await api.group(contract) })
      },
    },
    {
      name: 'topology',
      every: when(views('topology'), 2),
      ask: async () => {
        const topology = await api.topology()
        tell({ type: 'topology', sample: { topology, at: now() } })
      },
    },
    {
      name: 'tasks',
      // Subscriptions tell of births and commits; that a task is next in its queue only an answer tells.
      every: (state) =>
        shownFilter(state) ? (inList(state) ? 2 : state.link === 'live' ? 20 : 3) : undefined,
      ask: async (state) => {
        const filter = shownFilter(state)
        if (!filter) return
        const tasks = await api.tasks(filter, PAGE)
        tell({ type: 'tasks', filter, tasks, older: false, limit: PAGE })
      },
    },
    {
      name: 'task',
      every: (state) => {
        if (state.route.view !== 'task') return undefined
        const task = state.tasks.get(taskKey(state.route))
        return task?.committed && task.outbound ? 15 : 1
      },
      ask: async ({ route }) => {
        if (route.view === 'task') tell({ type: 'task', task: await api.task(route.contract, route.index) })
      },
    },
  ]

  /** What an answer is about; another subject is asked for at once. */
  const subject = (need: Need, state: State) => {
    const filter = shownFilter(state)
    if (need.name === 'tasks' && filter) return `tasks ${filterKey(filter)}`
    if (need.name === 'task' && state.route.view === 'task') return `task ${taskKey(state.route)}`
    if (need.name === 'group' || need.name === 'contract') return `${need.name} ${contractOf(state)}`
    return need.name
  }

  const run = async (need: Need, subjectName: string, state: State) => {
    pending.add(subjectName)
    asked.set(subjectName, now())
    try {
      await need.ask(state)
      if (get().problems.has(need.name)) tell({ type: 'problem', name: need.name, message: null })
      if (get().link === 'lost') tell({ type: 'patch', patch: { link: 'polling' } })
    } catch (error) {
      tell({ type: 'problem', name: need.name, message: reason(error) })
      if (error instanceof NodeError && error.code === undefined && get().link !== 'live')
        tell({ type: 'patch', patch: { link: 'lost' } })
    } finally {
      pending.delete(subjectName)
      if (overtaken.delete(subjectName)) {
        asked.delete(subjectName)
        tick()
      }
    }
  }

  const tick = () => {
    if (document.hidden) return
    const state = get()
    for (const need of needs) {
      const every = need.every(state)
      const name = subject(need, state)
      if (every === undefined || pending.has(name)) continue
      // A tenth of a second's grace: timers come a little early or late.
      if (now() - (asked.get(name) ?? Number.NEGATIVE_INFINITY) >= every - 0.1) void run(need, name, state)
    }
  }

  const news = (topic: Topic, result: unknown) => {
    try {
      if (topic === 'blocks') tell({ type: 'block', block: readBlock(result, 'block') })
      else if (topic === 'epochs') tell({ type: 'epoch', epoch: readEpoch(result, 'epoch') })
      else {
        const task = readTask(result, 'task')
        tell({ type: topic === 'tasks' ? 'taskCreated' : 'taskCommitted', task })
        for (const name of pending) if (name.startsWith('task')) overtaken.add(name)
        asked.delete(`contract ${task.contract}`)
        asked.delete('contracts')
      }
    } catch (error) {
      tell({ type: 'problem', name: 'news', message: reason(error) })
    }
  }

  return {
    tick,
    news,
    refresh: () => {
      asked.clear()
      tick()
    },
    older: async (filter) => {
      const state = get()
      const last = state.tasks.get(state.lists.get(filterKey(filter))?.keys.at(-1) ?? '')
      if (!last) return
      const before = { block: last.created.block, contract: last.contract, index: last.index }
      try {
        tell({
          type: 'tasks',
          filter,
          tasks: await api.tasks(filter, PAGE, before),
          older: true,
          limit: PAGE,
        })
      } catch (error) {
        tell({ type: 'problem', name: 'tasks', message: reason(error) })
      }
    },
  }
}

export function reason(error: unknown): string {
  if (error instanceof NodeError && error.code === NOT_FOUND) return 'The node knows nothing of it.'
  return error instanceof Error ? error.message.slice(0, 300) : 'Something went wrong.'
}
