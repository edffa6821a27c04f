// Tasks, newest first, as they come.
import { asAddress, linkTo } from '../model/route'
import { type State, tasksOf } from '../model/state'
import { type Task, taskKey } from '../model/types'
import { h, type VNode } from '../ui/dom'
import { bytes, ether, short, whole } from '../ui/format'
import {
  card,
  contractLink,
  empty,
  heading,
  loading,
  problem,
  senderLink,
  stageChip,
  table,
  time,
} from '../ui/parts'
import type { Actions } from './actions'

export function taskTable(state: State, tasks: readonly Task[]): VNode {
  return table('Tasks', tasks, taskKey, [
    {
      name: 'Task',
      class: 'lead',
      cell: (task) =>
        h(
          'a',
          {
            class: 'mono strong',
            href: linkTo({ view: 'task', contract: task.contract, index: task.index }),
          },
          `${short(task.contract)} #${whole(task.index)}`,
          task.kind === 'deploy' && h('span', { class: 'muted' }, ' deploy'),
        ),
    },
    { name: 'Stage', cell: (task) => stageChip(task) },
    { name: 'Sender', cell: (task) => senderLink(task.sender) },
    { name: 'Sent', cell: (task) => time(task.created.time, state.now) },
    {
      name: 'Gas',
      class: 'right',
      cell: (task) => (task.committed ? whole(task.committed.gasCharged) : `≤ ${whole(task.gasLimit)}`),
    },
    { name: 'Paid', class: 'right', cell: (task) => (task.committed ? ether(task.committed.pay) : '–') },
    {
      name: 'Sealed',
      class: 'right',
      cell: (task) =>
        task.committed
          ? bytes(task.committed.outputBytes + task.committed.deltaBytes)
          : bytes(task.envelopeBytes),
    },
  ])
}

export function tasks(state: State, act: Actions): VNode {
  if (state.route.view !== 'tasks') return h('div', null)
  const filter = { contract: state.route.contract, sender: state.route.sender }
  const shown = tasksOf(state, filter)
  return h(
    'div',
    { class: 'view' },
    heading('Tasks', 'Who sent what is public; what it says is not.'),
    filterForm(state, act),
    card(
      filter.contract || filter.sender ? 'Matching tasks' : 'All tasks',
      { aside: state.link === 'live' ? 'new ones appear by themselves' : null },
      problem(state, 'tasks'),
      shown === null
        ? loading()
        : shown.tasks.length
          ? [
              filter.contract && h('p', { class: 'muted' }, 'Contract ', contractLink(filter.contract)),
              taskTable(state, shown.tasks),
              shown.more &&
                h(
                  'button',
                  { type: 'button', class: 'quiet wide', on: { click: () => act.older(filter) } },
                  'Older tasks',
                ),
            ]
          : empty('No task matches.'),
    ),
  )
}

function filterForm(state: State, act: Actions): VNode {
  if (state.route.view !== 'tasks') return h('div', null)
  const { contract, sender } = state.route
  const field = (name: 'contract' | 'sender', label: string) =>
    h(
      'label',
      { class: 'field' },
      h('span', null, label),
      h('input', {
        name,
        class: 'mono',
        placeholder: '0x…',
        autocomplete: 'off',
        spellcheck: 'false',
        pattern: '0x[0-9a-fA-F]{40}',
        title: 'An address: 0x and 40 hexadecimal digits',
      }),
    )
  return h(
    'form',
    {
      // A new form whenever the filter is another, so that its fields show it.
      key: `${contract}|${sender}`,
      class: 'filter card',
      'aria-label': 'Filter',
      on: {
        submit: (event) => {
          event.preventDefault()
          const data = new FormData(event.target as HTMLFormElement)
          const read = (name: string) => asAddress(String(data.get(name) ?? '').trim())
          act.go({ view: 'tasks', contract: read('contract'), sender: read('sender') })
        },
      },
      created: (element) => {
        for (const [name, value] of [
          ['contract', contract],
          ['sender', sender],
        ] as const)
          (element.querySelector(`input[name=${name}]`) as HTMLInputElement).value = value ?? ''
      },
    },
    field('contract', 'Contract'),
    field('sender', 'Sender'),
    h('button', { type: 'submit' }, 'Filter'),
    (contract || sender) && h('a', { class: 'button quiet', href: linkTo({ view: 'tasks' }) }, 'Clear'),
  )
}
