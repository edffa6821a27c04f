// Secret contracts: what Ethereum knows of them.
import { linkTo } from '../model/route'
import { type State, tasksOf } from '../model/state'
import type { Contract } from '../model/types'
import { h, type VNode } from '../ui/dom'
import { bytes, ether, plural, short, whole } from '../ui/format'
import { card, chip, empty, facts, heading, hex, loading, problem, table } from '../ui/parts'
import type { Actions } from './actions'
import { groupCard } from './epochs'
import { taskTable } from './tasks'

const pending = (contract: Contract) => Math.max(0, contract.inputs - contract.committed)
const sealed = (contract: Contract) =>
  contract.deltaBytes === null && contract.outputBytes === null
    ? '–'
    : bytes((contract.deltaBytes ?? 0) + (contract.outputBytes ?? 0))

const queue = (contract: Contract) =>
  pending(contract) ? chip(`${whole(pending(contract))} pending`, 'busy') : chip('all committed', 'good')

export function contracts(state: State, act: Actions): VNode {
  const all = state.contracts && [...state.contracts.values()].sort((a, b) => b.createdBlock - a.createdBlock)
  return h(
    'div',
    { class: 'view' },
    heading('Contracts', 'Each has its own queue of inputs, its own state, and heads that Ethereum moves.'),
    card(
      all ? plural(all.length, 'secret contract') : 'Secret contracts',
      {},
      problem(state, 'contracts'),
      all === null
        ? loading()
        : all.length
          ? table('Contracts', all, (contract) => contract.address, [
              {
                name: 'Contract',
                class: 'lead',
                cell: (contract) =>
                  h(
                    'a',
                    {
                      class: 'mono strong',
                      href: linkTo({ view: 'contract', contract: contract.address }),
                      title: contract.address,
                    },
                    short(contract.address),
                  ),
              },
              { name: 'Queue', cell: queue },
              {
                name: 'Committed',
                class: 'right',
                cell: (contract) => `${whole(contract.committed)} of ${whole(contract.inputs)}`,
              },
              { name: 'State head', cell: (contract) => hex(contract.stateHead, act) },
              {
                name: 'Sealed in epoch',
                class: 'right',
                cell: (contract) => (contract.sealedEpoch ? whole(contract.sealedEpoch) : '–'),
              },
              { name: 'Sealed bytes', class: 'right', cell: sealed },
              {
                name: 'Balance',
                class: 'right',
                cell: (contract) => (contract.balance === null ? '–' : ether(contract.balance)),
              },
            ])
          : empty('No secret contract yet.'),
    ),
  )
}

export function contract(state: State, act: Actions): VNode {
  if (state.route.view !== 'contract') return h('div', null)
  const { contract: address } = state.route
  const found = state.contracts?.get(address)
  const list = tasksOf(state, { contract: address })
  return h(
    'div',
    { class: 'view' },
    heading(['Contract ', h('span', { class: 'mono' }, short(address))]),
    problem(state, 'contract'),
    found
      ? card(
          'Record',
          { aside: queue(found) },
          facts(
            ['Address', hex(found.address, act, { long: true })],
            ['Deployed by', hex(found.deployer, act, { long: true })],
            ['Since block', whole(found.createdBlock)],
            ['Inputs', `${whole(found.inputs)}, ${whole(found.committed)} committed`],
            ['State head', hex(found.stateHead, act, { long: true })],
            [
              'Snapshot',
              found.snapshotHash && !/^0x0*$/.test(found.snapshotHash)
                ? hex(found.snapshotHash, act, { long: true })
                : 'none yet',
            ],
            ['Sealed in epoch', found.sealedEpoch ? whole(found.sealedEpoch) : 'not yet'],
            found.deltaBytes === null ? null : ['State deltas', bytes(found.deltaBytes)],
            found.outputBytes === null ? null : ['Outputs', bytes(found.outputBytes)],
            found.balance === null ? null : ['Balance', ether(found.balance)],
            ['Signatures a receipt needs', whole(found.signers)],
            [
              'Depth',
              found.depth
                ? `${plural(found.depth, 'block')} above the block executed at`
                : 'executed at the tip',
            ],
          ),
        )
      : !state.problems.has('contract') && card('Record', {}, loading()),
    groupCard(state, address, act),
    card(
      'Tasks',
      { aside: h('a', { href: linkTo({ view: 'tasks', contract: address }) }, 'Filter') },
      problem(state, 'tasks'),
      list === null
        ? loading()
        : list.tasks.length
          ? [
              taskTable(state, list.tasks),
              list.more &&
                h(
                  'button',
                  {
                    type: 'button',
                    class: 'quiet wide',
                    on: { click: () => act.older({ contract: address }) },
                  },
                  'Older tasks',
                ),
            ]
          : empty('No task yet.'),
    ),
  )
}
