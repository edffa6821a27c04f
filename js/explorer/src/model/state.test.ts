import { expect, test } from 'vitest'
import { account, aTask, committed } from '../../test/mock'
import { type Happening, initial, progress, reduce, type State, tasksOf } from './state'
import { readTask, type Task } from './types'

const [A, B] = [account(1), account(2)]
const read = (value: unknown): Task => readTask(value, 'task')
const waiting = (contract: typeof A, index: number) => read(aTask(contract, index))
const done = (contract: typeof A, index: number) => read(committed(aTask(contract, index)))

const start = initial('http://node/', false, { view: 'tasks' }, 'system', 0)
const after = (state: State, ...happenings: readonly Happening[]) => happenings.reduce(reduce, state)
const page = (
  tasks: readonly Task[],
  over: Partial<Extract<Happening, { type: 'tasks' }>> = {},
): Happening => ({
  type: 'tasks',
  filter: {},
  tasks,
  older: false,
  limit: 2,
  ...over,
})
const shown = (state: State, filter = {}) =>
  tasksOf(state, filter)?.tasks.map((task) => `${task.index}${task.stage[0]}`)

test('a new task goes on top of the lists that it matches', () => {
  const state = after(
    start,
    page([waiting(A, 1)]),
    page([], { filter: { contract: B } }),
    page([], { filter: { sender: account(1) } }),
    { type: 'taskCreated', task: waiting(A, 2) },
  )
  expect(shown(state)).toEqual(['2e', '1e'])
  expect(shown(state, { contract: B })).toEqual([])
  expect(shown(state, { sender: account(1) })).toEqual(['2e'])
})

test('news of a birth that come after those of the commit change nothing', () => {
  const state = after(start, page([done(A, 1)]), { type: 'taskCreated', task: waiting(A, 1) })
  expect(shown(state)).toEqual(['1c'])
})

test('a task of another block replaces the known one: the chain was reorganised', () => {
  const other = {
    ...waiting(A, 1),
    created: { ...waiting(A, 1).created, blockHash: `0x${'99'.repeat(32)}` as const },
  }
  const state = after(start, page([done(A, 1)]), { type: 'taskCreated', task: other })
  expect(shown(state)).toEqual(['1e'])
})

test('an answer overrules the news', () => {
  expect(shown(after(start, page([done(A, 1)]), page([waiting(A, 1)])))).toEqual(['1e'])
})

test('a worker that was told once is kept when a list does not name it', () => {
  const state = after(start, { type: 'task', task: done(A, 1) }, page([{ ...done(A, 1), worker: null }]))
  expect(tasksOf(state, {})?.tasks[0]?.worker?.id).toBe(2)
})

test('so is what was done outside', () => {
  const outbound = [{ kind: 'transfer' as const, number: null, target: A, value: 5n, success: true }]
  const [told, untold] = [outbound, null].map((outbound) => ({ ...done(A, 1), outbound })) as [Task, Task]
  const state = after(start, { type: 'task', task: told }, page([untold]))
  expect(tasksOf(state, {})?.tasks[0]?.outbound).toEqual(outbound)
})

test('but not the one who was drawn, once another may have signed', () => {
  const state = after(start, { type: 'task', task: waiting(A, 1) }, page([{ ...done(A, 1), worker: null }]))
  expect(tasksOf(state, {})?.tasks[0]?.worker).toBeNull()
})

test('older pages extend the list; a new first page keeps them if the two join', () => {
  const [t6, t5, t4, t3, t2, t1] = [6, 5, 4, 3, 2, 1].map((index) => done(A, index)) as [
    Task,
    Task,
    Task,
    Task,
    Task,
    Task,
  ]
  const two = after(start, page([t4, t3]), page([t2, t1], { older: true }))
  expect(shown(two)).toEqual(['4c', '3c', '2c', '1c'])
  expect(tasksOf(two, {})?.more).toBe(true)
  expect(shown(after(two, page([t5, t4])))).toEqual(['5c', '4c', '3c', '2c', '1c'])
  // Between 5 and 4 something may be missing: the rest is dropped rather than shown with a hole.
  expect(shown(after(two, page([t6, t5])))).toEqual(['6c', '5c'])
  expect(tasksOf(after(two, page([t1], { older: true })), {})?.more).toBe(false)
})

test('a block moves the height and the measured time of a block', () => {
  const block = (number: number, timestamp: number): Happening => ({
    type: 'block',
    block: { number, timestamp, hash: `0x${'00'.repeat(32)}` },
  })
  const state = after(start, block(10, 100), block(12, 104))
  expect(state.blockTime).toBe(2)
  // A chain that goes back says nothing of the time.
  expect(after(state, block(11, 99)).blockTime).toBe(2)
})

test('groups of a past epoch are forgotten', () => {
  const epoch = {
    epoch: 1,
    start: 0,
    nextStart: null,
    length: 64,
    height: 3,
    seeded: true,
    workers: 1,
    weight: 1,
  }
  const state = after(
    start,
    { type: 'epoch', epoch },
    { type: 'group', contract: A, group: { epoch: 1, workers: [] } },
  )
  expect(after(state, { type: 'epoch', epoch }).groups.size).toBe(1)
  expect(after(state, { type: 'epoch', epoch: { ...epoch, epoch: 2 } }).groups.size).toBe(0)
})

test('progress of an epoch stays between its ends', () => {
  const epoch = {
    epoch: 5,
    start: 100,
    nextStart: null,
    length: 64,
    height: 132,
    seeded: true,
    workers: 1,
    weight: 1,
  }
  expect(progress(epoch)).toEqual({ passed: 32, of: 64, left: 32, late: false })
  expect(progress({ ...epoch, height: 500 })).toEqual({ passed: 64, of: 64, left: 0, late: true })
  expect(progress({ ...epoch, height: 150, nextStart: 170 })).toEqual({
    passed: 50,
    of: 70,
    left: 20,
    late: false,
  })
  expect(progress({ ...epoch, length: 0, height: 100 }).of).toBe(1)
})

test('locking forgets every result', () => {
  const state = after(
    start,
    { type: 'wallet', wallet: { unlocked: new Map([[A, 'open']]) } },
    { type: 'opened', key: `${A}/1`, opened: { state: 'closed', reason: 'x' } },
    { type: 'locked' },
  )
  expect([state.opened.size, state.wallet.unlocked.size]).toEqual([0, 0])
})
