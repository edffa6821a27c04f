// The life of one task.
import { linkTo } from '../model/route'
import type { State } from '../model/state'
import { type Task, taskKey } from '../model/types'
import { type Child, h, type VNode } from '../ui/dom'
import { bytes, duration, ether, moment, plural, short, whole } from '../ui/format'
import {
  card,
  chip,
  contractLink,
  facts,
  heading,
  hex,
  loading,
  problem,
  senderLink,
  stageChip,
  table,
  time,
} from '../ui/parts'
import type { Actions } from './actions'
import { ownResult } from './result'

export function task(state: State, act: Actions): VNode {
  if (state.route.view !== 'task') return h('div', null)
  const found = state.tasks.get(taskKey(state.route))
  const title = [
    'Task ',
    h('span', { class: 'mono' }, `${short(state.route.contract)} #${whole(state.route.index)}`),
  ]
  if (!found)
    return h('div', { class: 'view' }, heading(title), card('Task', {}, problem(state, 'task') ?? loading()))
  return h(
    'div',
    { class: 'view' },
    heading(title, ['of contract ', contractLink(found.contract)]),
    problem(state, 'task'),
    card('Life', { aside: stageChip(found) }, life(state, found, act)),
    ownResult(state, act, found),
    h('div', { class: 'grid two' }, work(found, act), money(found)),
    outside(found, act),
    sizes(found, act),
  )
}

type Step = { readonly name: string; readonly state: 'done' | 'now' | 'next'; readonly text: Child }

function steps(state: State, task: Task, act: Actions): readonly Step[] {
  const { created, committed } = task
  const executing = task.stage === 'executing' || committed !== null
  const skipped = committed?.status === 'skipped'
  const who = task.worker && [
    'worker ',
    h('strong', null, whole(task.worker.id)),
    ' ',
    hex(task.worker.signer, act),
  ]
  return [
    {
      name: 'Submitted',
      state: 'done',
      text: [
        moment(created.time),
        ' · ',
        time(created.time, state.now),
        h('br', null),
        `block ${whole(created.block)} · `,
        hex(created.transaction, act),
      ],
    },
    {
      name: 'Waiting',
      state: executing ? 'done' : 'now',
      text: executing
        ? 'its turn came'
        : task.ahead
          ? `${plural(task.ahead, 'input')} of the contract before it`
          : 'until its block is deep enough',
    },
    {
      name: 'Executing',
      state: committed ? 'done' : executing ? 'now' : 'next',
      text: skipped
        ? 'nobody executed it in time'
        : committed
          ? ['executed and signed by ', who ?? 'a worker of the group']
          : who
            ? [executing ? 'at ' : 'will be at ', who]
            : 'in an enclave of the group',
    },
    {
      name: skipped ? 'Skipped' : 'Committed',
      state: committed ? 'done' : 'next',
      text: committed
        ? [
            moment(committed.time),
            ` · after ${duration(committed.time - created.time)}`,
            h('br', null),
            `block ${whole(committed.block)} · `,
            hex(committed.transaction, act),
          ]
        : 'Ethereum checks the receipt and moves the state head',
    },
  ]
}

function life(state: State, task: Task, act: Actions): VNode {
  return h(
    'ol',
    { class: 'life' },
    steps(state, task, act).map((step) =>
      h(
        'li',
        { class: step.state, 'aria-current': step.state === 'now' ? 'step' : undefined },
        h('i', { 'aria-hidden': 'true' }),
        h('strong', null, step.name),
        h('span', null, step.text),
      ),
    ),
  )
}

const STATUS = {
  completed: 'completed; whether it reverted inside is its sender’s to know',
  valueReturned: 'value returned: it did not succeed',
  unopened: 'unopened: its envelope could not be read',
  skipped: 'skipped: nobody executed it; its sender has fee and value back as credit',
} as const

function work(task: Task, act: Actions): VNode {
  const { committed } = task
  return card(
    'What is public',
    {},
    facts(
      ['Kind', task.kind === 'deploy' ? 'deployment' : 'task'],
      ['Sender', senderLink(task.sender)],
      task.onBehalfOf && !/^0x0*$/.test(task.onBehalfOf) ? ['On behalf of', hex(task.onBehalfOf, act)] : null,
      ['Outcome', committed ? STATUS[committed.status] : 'not yet'],
      ['Encrypted for epoch', whole(task.epoch)],
      ['Included in epoch', whole(task.inclusionEpoch)],
      committed && committed.status !== 'skipped' ? ['Committed in epoch', whole(committed.epoch)] : null,
      committed && committed.lastIndex > committed.firstIndex
        ? ['Receipt', `inputs ${whole(committed.firstIndex)} to ${whole(committed.lastIndex)} together`]
        : null,
    ),
  )
}

function money(task: Task): VNode {
  const { committed } = task
  const most = (BigInt(task.commitGas) + BigInt(Math.floor(task.gasLimit / 8))) * task.priceCap
  return card(
    'Gas and money',
    {},
    facts(
      [
        'Gas inside',
        committed
          ? `${whole(committed.gasCharged)} charged of at most ${whole(task.gasLimit)}`
          : `at most ${whole(task.gasLimit)}`,
      ],
      ['Commit gas', `at most ${whole(task.commitGas)}`],
      ['Price cap', `${ether(task.priceCap)} a gas`],
      ['Tip', `${ether(task.tip)} a gas`],
      ['Value', ether(task.value)],
      ['Escrowed', ether(most + task.value)],
      committed ? ['Paid', ether(committed.pay)] : null,
      committed
        ? [
            'Back to the sender',
            ether(
              committed.refund ??
                (most > committed.pay ? most - committed.pay : 0n) +
                  (committed.status === 'completed' ? 0n : task.value),
            ),
          ]
        : null,
    ),
  )
}

/** What the contract did on Ethereum for the task; most do nothing there. */
function outside({ outbound }: Task, act: Actions): Child {
  if (!outbound?.length) return null
  const rows = outbound.map((made, place) => ({ ...made, place }))
  return card(
    'Outside',
    { aside: 'on Ethereum, with its commit' },
    table('What the contract did outside', rows, ({ place }) => place, [
      {
        name: 'What',
        cell: ({ kind, number }) => (kind === 'call' ? `call ${whole(number ?? 0)}` : 'transfer'),
      },
      { name: 'Target', cell: ({ target }) => hex(target, act) },
      { name: 'Value', class: 'right', cell: ({ value }) => ether(value) },
      { name: 'Outcome', cell: ({ kind, success }) => outcome(kind, success) },
    ]),
  )
}

function outcome(kind: 'transfer' | 'call', success: boolean): VNode {
  if (success) return chip('succeeded', 'good')
  return chip(kind === 'call' ? 'failed' : 'not taken: its credit', 'warn')
}

function sizes(task: Task, act: Actions): VNode {
  const { committed } = task
  return card(
    'Sealed',
    { aside: h('a', { href: linkTo({ view: 'contract', contract: task.contract }) }, 'Contract') },
    facts(
      ['Envelope', bytes(task.envelopeBytes)],
      task.codeBytes ? ['Code in the clear', bytes(task.codeBytes)] : null,
      committed ? ['Output', bytes(committed.outputBytes)] : null,
      committed ? ['State delta', bytes(committed.deltaBytes)] : null,
      ['Input head', hex(task.inputHead, act, { long: true })],
      committed ? ['State head after', hex(committed.stateHead, act, { long: true })] : null,
      committed?.snapshotHash && !/^0x0*$/.test(committed.snapshotHash)
        ? ['Snapshot', hex(committed.snapshotHash, act, { long: true })]
        : null,
      ['Block hash', hex(task.created.blockHash, act, { long: true })],
    ),
  )
}
