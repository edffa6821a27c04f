// A task's result, decrypted in this browser.
import type { State } from '../model/state'
import { type Task, taskKey } from '../model/types'
import { type Child, h, type VNode } from '../ui/dom'
import { bytes, plural, short, whole } from '../ui/format'
import { card, chip, hex } from '../ui/parts'
import { type Named, readings, readLog, revertReason } from '../unlock/decode'
import { haltReason, type Output } from '../unlock/protocol'
import type { Opened } from '../unlock/types'
import type { Actions } from './actions'

const WORDS: { readonly [status in Output['status']]: readonly [word: string, kind: string] } = {
  success: ['succeeded', 'good'],
  reverted: ['reverted', 'bad'],
  halted: ['halted', 'bad'],
  expired: ['expired', 'warn'],
  tooLarge: ['too large', 'warn'],
  notDeployed: ['not deployed', 'bad'],
  notAuthorised: ['not authorised', 'bad'],
}

/** How it ended, in a word. */
export function resultChip(opened: Opened | undefined): VNode {
  if (opened?.state === 'open') {
    const [word, kind] = WORDS[opened.output.status]
    return chip(word, kind)
  }
  return opened?.state === 'closed' ? chip('closed', 'idle') : chip('opening', 'busy')
}

const named = (values: readonly Named[]): VNode =>
  h(
    'dl',
    { class: 'facts values' },
    values.map(({ name, value }, i) =>
      h('div', { key: i }, h('dt', { class: 'mono' }, name), h('dd', { class: 'mono' }, value)),
    ),
  )

function returned(state: State, act: Actions, task: Task, output: Output): Child {
  if (output.data === '0x') return h('p', { class: 'muted' }, 'It returned nothing.')
  const size = (output.data.length - 2) / 2
  if (task.kind === 'deploy')
    return h('p', { class: 'muted' }, `The contract was created; ${bytes(size)} of code.`)
  const abi = state.wallet.abis.get(task.contract)?.abi
  const read = abi ? readings(abi, output.data) : []
  return [
    read
      .slice(0, 4)
      .map(({ functions, values }) => [
        h(
          'p',
          { class: 'muted small' },
          'as returned by ',
          h('span', { class: 'mono' }, functions.slice(0, 4).join(', ')),
          functions.length > 4 && ', …',
        ),
        named(values),
      ]),
    abi && !read.length && h('p', { class: 'note' }, 'No function of the ABI returns such data.'),
    rawData(act, output.data),
  ]
}

/** Bytes that nothing explains, word by word as far as that is readable. */
function rawData(act: Actions, data: `0x${string}`): VNode {
  const size = (data.length - 2) / 2
  return h(
    'div',
    { class: 'raw' },
    h('p', { class: 'muted small' }, bytes(size), ' ', hex(data, act)),
    h(
      'pre',
      { tabindex: 0, 'aria-label': 'Bytes' },
      (data.slice(2, 2 + 64 * 16).match(/.{1,64}/g) ?? []).join('\n'),
      size > 512 && '\n…',
    ),
  )
}

function outcome(state: State, act: Actions, task: Task, output: Output): Child {
  const abi = state.wallet.abis.get(task.contract)?.abi
  switch (output.status) {
    case 'success':
      return returned(state, act, task, output)
    case 'reverted': {
      const reason = revertReason(output.data, abi)
      return reason
        ? h('p', { class: 'reason' }, 'Reverted: ', h('strong', { class: 'mono' }, reason))
        : [h('p', null, 'Reverted with:'), rawData(act, output.data)]
    }
    case 'halted':
      return h('p', { class: 'reason' }, 'Halted: ', h('strong', null, haltReason(Number(output.data))))
    case 'expired':
      return h('p', null, 'Its expiry had passed at the block of its inclusion; nothing was executed.')
    case 'tooLarge':
      return h(
        'p',
        null,
        'Output and state change were larger than its commit gas pays for; nothing was changed.',
      )
    case 'notDeployed':
      return h('p', null, 'The contract is not there: its deployment failed.')
  }
}

function logs(state: State, act: Actions, task: Task, output: Output): Child {
  const abi = state.wallet.abis.get(task.contract)?.abi
  if (!output.logs.length) return null
  return [
    h('h3', null, plural(output.logs.length, 'log')),
    h(
      'ol',
      { class: 'logs' },
      output.logs.slice(0, 100).map((log, i) => {
        const read = abi && readLog(abi, log)
        return h(
          'li',
          { key: i },
          h(
            'p',
            null,
            h('strong', { class: 'mono' }, read ? read.event : 'log'),
            h('span', { class: 'muted' }, ' of '),
            hex(log.address, act),
          ),
          read
            ? named(read.values)
            : named([
                ...log.topics.map((value, t) => ({ name: `topic ${t}`, value })),
                { name: 'data', value: short(log.data, 66, 8) },
              ]),
        )
      }),
    ),
  ]
}

/** The whole of a result. */
export function resultBody(state: State, act: Actions, task: Task, opened: Opened | undefined): Child {
  if (!task.committed) return h('p', { class: 'muted' }, 'It has no result before it is committed.')
  if (!opened || opened.state === 'opening')
    return h('p', { class: 'muted', 'aria-busy': 'true' }, 'Decrypting…')
  if (opened.state === 'closed') return h('p', { class: 'note' }, opened.reason)
  const { output } = opened
  return [
    outcome(state, act, task, output),
    h('p', { class: 'muted small' }, `${whole(output.gasUsed)} gas used inside`),
    logs(state, act, task, output),
  ]
}

/** On the page of a task: its result, if the connected account sent it. */
export function ownResult(state: State, act: Actions, task: Task): VNode | null {
  const { account, unlocked } = state.wallet
  if (account !== task.sender) return null
  if (unlocked.get(task.contract) === 'open') {
    const opened = state.opened.get(taskKey(task))
    return card(
      'Your result',
      { class: 'own', aside: task.committed && resultChip(opened) },
      resultBody(state, act, task, opened),
    )
  }
  const asking = unlocked.get(task.contract) === 'asking'
  const ready =
    state.network !== null && state.networkProblem === null && state.wallet.chainId === state.network.chainId
  return card(
    'Your result',
    { class: 'own' },
    h(
      'p',
      null,
      'You sent this task. Sign once for its contract, and your results are decrypted in this browser.',
    ),
    state.wallet.problem && h('p', { class: 'note bad', role: 'alert' }, state.wallet.problem),
    h(
      'button',
      { type: 'button', disabled: asking || !ready, on: { click: () => act.unlock(task.contract) } },
      asking ? 'Asking the wallet…' : 'Unlock',
    ),
  )
}
