import { beforeEach, expect, test, vi } from 'vitest'
import { account, aTask, committed } from '../../test/mock'
import { type Happening, initial, reduce, type State, tasksOf } from '../model/state'
import { readTask, type Task } from '../model/types'
import type { Api } from './api'
import { makeFeed } from './feed'
import { NodeError } from './rpc'

const CONTRACT = account(1)
const task = (index: number) => aTask(CONTRACT, index)
const read = (value: unknown): Task => readTask(value, 'task')

let state: State
const tell = (happening: Happening) => {
  state = reduce(state, happening)
}

function stand(over: Partial<Api>) {
  const never = () => new Promise<never>(() => undefined)
  const api = {
    network: never,
    health: never,
    epoch: never,
    group: never,
    workers: never,
    contracts: never,
    contract: never,
    task: never,
    taskOf: never,
    tasks: never,
    topology: never,
    ...over,
  }
  return makeFeed(api, () => state, tell)
}

beforeEach(() => {
  vi.stubGlobal('document', { hidden: false })
  state = initial('http://node/', false, { view: 'tasks' }, 'system', 0)
})

test('an answer that news overtook is asked for again', async () => {
  const answers: ((tasks: Task[]) => void)[] = []
  const feed = stand({ tasks: () => new Promise<Task[]>((resolve) => answers.push(resolve)) })
  feed.tick()
  // The node had written its answer before the task came, and the news arrive first.
  feed.news('tasks', task(1))
  answers[0]?.([])
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  answers[1]?.([read(task(1))])
  await vi.waitFor(() => expect(tasksOf(state, {})?.tasks).toHaveLength(1))
})

test('what is not looked at is not asked for, and nothing is while the page is hidden', () => {
  const topology = vi.fn(() => new Promise<never>(() => undefined))
  const feed = stand({ topology })
  feed.tick()
  expect(topology).not.toHaveBeenCalled()
  state = { ...state, route: { view: 'topology' } }
  vi.stubGlobal('document', { hidden: true })
  feed.tick()
  expect(topology).not.toHaveBeenCalled()
  vi.stubGlobal('document', { hidden: false })
  feed.tick()
  feed.tick()
  expect(topology).toHaveBeenCalledTimes(1)
})

test('a failure is named, and gone with the next success', async () => {
  let fails = true
  const feed = stand({
    tasks: async () => {
      if (fails) throw new NodeError('no', -32_603)
      return [read(committed(task(1)))]
    },
  })
  feed.tick()
  await vi.waitFor(() => expect(state.problems.get('tasks')).toBe('no'))
  fails = false
  feed.refresh()
  await vi.waitFor(() => expect(state.problems.size).toBe(0))
})

test('malformed news change nothing but the problems', () => {
  const feed = stand({})
  const before = state
  feed.news('tasks', { contract: '<b>' })
  feed.news('blocks', null)
  expect({ ...state, problems: null }).toEqual({ ...before, problems: null })
  expect(state.problems.get('news')).toContain('should be')
})
