// One's own tasks, decrypted in the browser.
import { linkTo } from '../model/route'
import type { Hex } from '../model/schema'
import { type State, tasksOf } from '../model/state'
import { type Task, taskKey } from '../model/types'
import { type Child, h, type VNode } from '../ui/dom'
import { plural, short, whole } from '../ui/format'
import { card, chip, contractLink, empty, heading, hex, loading, problem, stageChip, time } from '../ui/parts'
import type { Actions } from './actions'
import { resultBody, resultChip } from './result'

export function unlock(state: State, act: Actions): VNode {
  const { account } = state.wallet
  return h(
    'div',
    { class: 'view' },
    heading('Your tasks', 'What you sent, and what only you may read of it.'),
    account ? connected(state, act, account) : connect(state, act),
    promise(state),
    account && own(state, act, account),
  )
}

/** What happens to secrets here, and what one has to trust. */
function promise(state: State): VNode {
  return h(
    'details',
    { class: 'promise', open: !state.wallet.account },
    h('summary', null, 'Nothing leaves this browser'),
    h(
      'p',
      null,
      'Your wallet signs one message for each contract. From that signature this page derives, in its memory alone, the keys of your results; it decrypts what the chain holds, shows it, and forgets all of it when you lock or close the page. Neither the signature nor a result is stored or sent anywhere.',
    ),
    h(
      'p',
      null,
      'Whoever holds such a signature can read your results in that contract, and a page is only as honest as who serves it. Sign only on a node that you run or trust',
      state.foreign
        ? ': this page shows another node’s data, but its code came from where you opened it.'
        : ': this page came from the node itself.',
    ),
  )
}

function connect(state: State, act: Actions): VNode {
  const { wallets, busy, problem } = state.wallet
  return card(
    'Connect a wallet',
    { class: 'connect' },
    problem && h('p', { class: 'note bad', role: 'alert' }, problem),
    wallets.length
      ? h(
          'div',
          { class: 'buttons' },
          wallets.map((wallet) =>
            h(
              'button',
              { key: wallet.id, type: 'button', disabled: busy, on: { click: () => act.connect(wallet.id) } },
              wallets.length === 1 ? 'Connect wallet' : wallet.name,
            ),
          ),
        )
      : empty(
          'No wallet was found in this browser. Install one that speaks EIP-1193, then load the page again.',
        ),
  )
}

function connected(state: State, act: Actions, account: Hex): VNode {
  const { wallet, network } = state
  const elsewhere = network !== null && wallet.chainId !== null && wallet.chainId !== network.chainId
  return card(
    'Connected',
    {
      aside: h(
        'span',
        { class: 'buttons' },
        wallet.unlocked.size > 0 &&
          h('button', { type: 'button', class: 'quiet', on: { click: act.lock } }, 'Lock'),
        h('button', { type: 'button', class: 'quiet', on: { click: act.disconnect } }, 'Disconnect'),
      ),
    },
    h(
      'p',
      null,
      hex(account, act, { long: true }),
      h('span', { class: 'muted' }, wallet.connected ? ` · ${wallet.connected}` : ''),
    ),
    elsewhere &&
      h(
        'p',
        { class: 'note warn', role: 'status' },
        `The wallet is on chain ${wallet.chainId}, the network on chain ${network.chainId}. `,
        h('button', { type: 'button', on: { click: act.switchChain } }, 'Switch chain'),
      ),
    state.networkProblem && h('p', { class: 'note bad', role: 'alert' }, state.networkProblem),
    wallet.problem && h('p', { class: 'note bad', role: 'alert' }, wallet.problem),
  )
}

function own(state: State, act: Actions, account: Hex): Child {
  const list = tasksOf(state, { sender: account })
  if (list === null) return card('Tasks', {}, problem(state, 'tasks') ?? loading())
  if (!list.tasks.length) return card('Tasks', {}, empty('This account has sent no task to this network.'))
  const contracts = new Map<Hex, Task[]>()
  for (const task of list.tasks) contracts.set(task.contract, [...(contracts.get(task.contract) ?? []), task])
  return [
    [...contracts].map(([contract, tasks]) => contractCard(state, act, contract, tasks)),
    list.more &&
      h(
        'button',
        { type: 'button', class: 'quiet wide', on: { click: () => act.older({ sender: account }) } },
        'Older tasks',
      ),
  ]
}

function contractCard(state: State, act: Actions, contract: Hex, tasks: readonly Task[]): VNode {
  const stage = state.wallet.unlocked.get(contract)
  const blocked =
    state.networkProblem !== null || state.network === null || state.wallet.chainId !== state.network.chainId
  return h(
    'section',
    { key: contract, class: 'card own' },
    h(
      'header',
      { class: 'card-head' },
      h('h2', null, 'Contract ', contractLink(contract)),
      h(
        'div',
        { class: 'aside' },
        stage === 'open'
          ? chip('unlocked', 'good')
          : h(
              'button',
              {
                type: 'button',
                disabled: stage === 'asking' || blocked,
                'aria-label': `Unlock ${short(contract)}`,
                on: { click: () => act.unlock(contract) },
              },
              stage === 'asking' ? 'Asking the wallet…' : 'Unlock',
            ),
      ),
    ),
    stage === 'open' && abiField(state, act, contract),
    stage === 'open'
      ? h(
          'ol',
          { class: 'results' },
          tasks.map((task) => result(state, act, task)),
        )
      : [
          h(
            'p',
            { class: 'muted' },
            `${plural(tasks.length, 'task')} of yours. One signature opens them all.`,
          ),
          h(
            'ul',
            { class: 'plain' },
            tasks
              .slice(0, 5)
              .map((task) => h('li', { key: task.index }, taskLine(state, task), ' ', stageChip(task))),
          ),
        ],
  )
}

const taskLine = (state: State, task: Task): Child => [
  h(
    'a',
    { class: 'strong', href: linkTo({ view: 'task', contract: task.contract, index: task.index }) },
    `${task.kind === 'deploy' ? 'Deployment' : 'Task'} #${whole(task.index)}`,
  ),
  h('span', { class: 'muted' }, ' · ', time(task.created.time, state.now)),
]

function result(state: State, act: Actions, task: Task): VNode {
  const opened = state.opened.get(taskKey(task))
  return h(
    'li',
    { key: task.index, class: 'result' },
    h(
      'div',
      { class: 'result-head' },
      h('span', null, taskLine(state, task)),
      task.committed ? resultChip(opened) : stageChip(task),
    ),
    h('div', { class: 'result-body' }, resultBody(state, act, task, opened)),
  )
}

function abiField(state: State, act: Actions, contract: Hex): VNode {
  const loaded = state.wallet.abis.get(contract)
  const wrong = state.wallet.abiProblems.get(contract)
  if (loaded)
    return h(
      'p',
      { class: 'abi' },
      `Decoded with ${loaded.name} (${plural(loaded.abi.length, 'item')}). `,
      h(
        'button',
        { type: 'button', class: 'quiet', on: { click: () => act.forgetAbi(contract) } },
        'Forget the ABI',
      ),
    )
  const take = async (file: File | undefined | null) => {
    if (file) act.loadAbi(contract, file.name, await file.text())
  }
  return h(
    'details',
    { class: 'abi' },
    h('summary', null, 'Decode with the contract’s ABI'),
    h(
      'label',
      { class: 'field' },
      h('span', null, 'Paste an ABI or a compiler’s artefact, or drop the file here'),
      h('textarea', {
        class: 'mono',
        rows: 4,
        spellcheck: 'false',
        placeholder: '[{"type":"function", …}]',
        on: {
          input: (event) => {
            const { value } = event.target as HTMLTextAreaElement
            if (value.trim()) act.loadAbi(contract, 'the pasted ABI', value)
          },
          dragover: (event) => event.preventDefault(),
          drop: (event) => {
            event.preventDefault()
            void take((event as DragEvent).dataTransfer?.files[0])
          },
        },
      }),
    ),
    h(
      'label',
      { class: 'button quiet file' },
      'Choose a file',
      h('input', {
        type: 'file',
        accept: '.json,application/json',
        on: { change: (event) => void take((event.target as HTMLInputElement).files?.[0]) },
      }),
    ),
    wrong && h('p', { class: 'note bad', role: 'alert' }, wrong),
  )
}
