import { expect, test } from 'vitest'
import { account, aTask, committed } from '../../test/mock'
import { initial, reduce, type State } from '../model/state'
import { readGroup, readTask, taskKey } from '../model/types'
import { textOf } from '../ui/dom'
import type { Actions } from './actions'
import { groupCard } from './epochs'
import { task } from './task'

const CONTRACT = account(1)
const act = {} as Actions
const plain = (text: string) => text.replaceAll('\u{202f}', ' ').replaceAll(/\s+/g, ' ')

function page(...over: Parameters<typeof committed> extends [unknown, ...infer rest] ? rest : never): string {
  const found = readTask(committed(aTask(CONTRACT, 3), ...over), 'task')
  const state = initial('http://node/', false, { view: 'task', contract: CONTRACT, index: 3 }, 'system', 0)
  const shown: State = { ...state, tasks: new Map([[taskKey(found), found]]) }
  return plain(textOf(task(shown, act)))
}

test('a skipped task says that nobody executed it, and what its sender got back', () => {
  const text = page({ status: 'skipped', pay: '0', refund: '3100000000000000', epoch: 0 })
  expect(text).toMatch(/Life skipped/)
  expect(text).toContain('Executing nobody executed it in time')
  expect(text).toContain('Skipped')
  expect(text).toContain('its sender has fee and value back as credit')
  expect(text).toMatch(/Back to the sender 0\.0031 ETH/)
  expect(text).not.toContain('Committed')
  expect(text).not.toContain('executed and signed by')
})

test('a committed task is told as before, by nodes that tell the refund and by those that do not', () => {
  const [older, newer] = [page({}), page({ refund: '1787500000000000' })]
  expect(older).toContain('executed and signed by')
  expect(newer).toMatch(/Back to the sender 0\.0017875 ETH/)
  expect(older).toMatch(/Life committed/)
})

test('what the contract did outside is told, with what came of it; nothing of a task that did nothing there', () => {
  const [paid, refused, called, failed] = [
    { kind: 'transfer', number: null, target: account(5), value: '2000000000000000000', success: true },
    { kind: 'transfer', number: null, target: account(6), value: '1', success: false },
    { kind: 'call', number: 7, target: account(8), value: '0', success: true },
    { kind: 'call', number: 8, target: account(9), value: '0', success: false },
  ]
  const text = page({}, [paid, refused, called, failed])
  expect(text).toMatch(/Outside .*transfer .*2 ETH .*succeeded .*transfer .*not taken: its credit/)
  expect(text).toMatch(/call 7 .*succeeded .*call 8 .*failed/)
  expect(page({})).not.toContain('Outside')
  expect(page({}, null)).not.toContain('Outside')
})

test('in a group it is told who was passed over, and who executes in their place', () => {
  const worker = (rank: number, silent: boolean) => {
    return { rank, silent, id: 10 + rank, signer: account(30 + rank), operator: account(40 + rank) }
  }
  const group = readGroup(
    { epoch: 12, workers: [worker(0, true), worker(1, false), worker(2, false)] },
    'group',
  )
  const state = reduce(initial('http://node/', false, { view: 'epochs', contract: CONTRACT }, 'system', 0), {
    type: 'group',
    contract: CONTRACT,
    group,
  })
  const text = plain(textOf(groupCard(state, CONTRACT, act)))
  expect(text).toMatch(/0, passed over .*1, executes .*2, stands by/)
})
