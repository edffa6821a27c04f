import { expect, test } from 'vitest'
import { account, aTask, committed } from '../../test/mock'
import { UnexpectedAnswerError } from './schema'
import { readTask, readTopology, readWorkers } from './types'

const good = committed(aTask(account(1), 3)) as Record<string, unknown>

test('a task is read, with wei as bigint and hex in lower case', () => {
  const task = readTask(
    { ...good, sender: account(1).toUpperCase().replace('0X', '0x'), more: 'is dropped' },
    'task',
  )
  expect(task.priceCap).toBe(4_000_000_000n)
  expect(task.sender).toBe(account(1))
  expect(task).not.toHaveProperty('more')
})

test('each field of another shape is refused by its name', () => {
  const wrong: readonly [string, unknown][] = [
    ['index', -1],
    ['index', 1.5],
    ['index', '1'],
    ['index', 2 ** 60],
    ['kind', 'query'],
    ['stage', 'done'],
    ['sender', '0x12'],
    ['sender', 'javascript:alert(1)'],
    ['value', 5],
    ['value', '-5'],
    ['inputHead', null],
    ['created', []],
    ['committed', 'yes'],
    ['outbound', 'none'],
    ['outbound', [{ kind: 'gift', target: account(1), value: '1', success: true }]],
    ['outbound', [{ kind: 'call', number: 0, target: account(1), value: '1', success: 1 }]],
  ]
  for (const [field, value] of wrong)
    expect(() => readTask({ ...good, [field]: value }, 'task'), `${field} ${value}`).toThrow(`task.${field}`)
  for (const field of Object.keys(good).filter(
    (name) => !['ahead', 'onBehalfOf', 'worker', 'committed', 'outbound'].includes(name),
  )) {
    const { [field]: _, ...rest } = good
    expect(() => readTask(rest, 'task'), field).toThrow(UnexpectedAnswerError)
  }
})

test('no answer at all is refused', () => {
  for (const value of [undefined, null, 3, 'task', []])
    expect(() => readTask(value, 'task')).toThrow(UnexpectedAnswerError)
})

test('lists are bounded, and errors name the place', () => {
  expect(() => readWorkers(Array(40_001).fill({}), 'workers')).toThrow('at most 40000')
  expect(() => readWorkers([{}], 'workers')).toThrow('workers[0].id')
})

test('names lose what hides or turns text, and long ones are refused', () => {
  const node = { name: 'a\u{202e}b\n', role: 'worker', peer: 'p', self: true, reachable: true, peers: [] }
  expect(readTopology({ nodes: [node] }, 't').nodes[0]?.name).toBe('a\u{fffd}b\u{fffd}')
  expect(() => readTopology({ nodes: [{ ...node, name: 'x'.repeat(257) }] }, 't')).toThrow('t.nodes[0].name')
})

test('fields that an answer inherits do not count', () => {
  expect(() => readTask(Object.create(good), 'task')).toThrow(UnexpectedAnswerError)
})
