// Epochs: the clock, the weights of the lottery, and the group that it drew for a contract.
import { asAddress, linkTo } from '../model/route'
import type { Hex } from '../model/schema'
import { progress, type State } from '../model/state'
import type { Worker } from '../model/types'
import { h, type VNode } from '../ui/dom'
import { eng, plural, share, short, whole } from '../ui/format'
import { card, chip, empty, facts, heading, hex, loading, problem, table } from '../ui/parts'
import type { Actions } from './actions'
import { epochEnd } from './overview'

export function epochs(state: State, act: Actions): VNode {
  const contract = state.route.view === 'epochs' ? state.route.contract : undefined
  return h(
    'div',
    { class: 'view' },
    heading(
      'Epochs and groups',
      'In every epoch a lottery, weighted by stake and seeded by the key nodes, draws a group for each contract.',
    ),
    clock(state),
    weights(state),
    picker(state, act),
    contract && groupCard(state, contract, act),
  )
}

function clock(state: State): VNode {
  const { epoch } = state
  if (!epoch) return card('Epoch', {}, problem(state, 'epoch') ?? loading())
  const { passed, of } = progress(epoch)
  return card(
    `Epoch ${whole(epoch.epoch)}`,
    { aside: epoch.nextStart === null ? chip('next seed due', 'idle') : chip('next one seeded', 'good') },
    h('progress', { class: 'bar', max: of, value: String(passed), 'aria-label': 'Progress of the epoch' }),
    h('p', null, `Block ${whole(passed)} of ${whole(of)} · `, h('span', { class: 'muted' }, epochEnd(state))),
    facts(
      ['Began at block', whole(epoch.start)],
      ['Height', whole(epoch.height)],
      [
        'Next epoch',
        epoch.nextStart ? `at block ${whole(epoch.nextStart)}` : 'soon after its beacon is posted',
      ],
      ['Lottery', epoch.seeded ? 'drawn from this epoch’s seed' : 'none: this epoch has no seed'],
      ['Workers logged in', whole(epoch.workers)],
      ['Weight', `${whole(epoch.weight)} ENG`],
    ),
  )
}

/** Shares of the lottery, as one bar and in numbers. */
export function weights(state: State): VNode {
  const { workers } = state
  if (!workers) return card('Stake weights', {}, problem(state, 'workers') ?? loading())
  const weightOf = (worker: Worker) => (worker.loggedIn ? Number(worker.stake / 10n ** 18n) : 0)
  const drawn = workers.filter((worker) => weightOf(worker) > 0).sort((a, b) => weightOf(b) - weightOf(a))
  const all = drawn.reduce((sum, worker) => sum + weightOf(worker), 0)
  if (!drawn.length) return card('Stake weights', {}, empty('No worker is logged in.'))
  return card(
    'Stake weights',
    { aside: 'changes count from the epoch after the next' },
    h(
      'div',
      { class: 'stack', role: 'img', 'aria-label': `Shares of ${plural(drawn.length, 'worker')}` },
      drawn.map((worker, i) =>
        h('span', {
          key: worker.id,
          class: `tone${i % 6}`,
          title: `worker ${worker.id}: ${share(weightOf(worker), all)}`,
          css: { 'flex-grow': String(weightOf(worker)) },
        }),
      ),
    ),
    h(
      'ul',
      { class: 'legend' },
      drawn
        .slice(0, 40)
        .map((worker, i) =>
          h(
            'li',
            { key: worker.id },
            h('i', { class: `tone${i % 6}`, 'aria-hidden': 'true' }),
            h('strong', null, `worker ${whole(worker.id)}`),
            ` ${share(weightOf(worker), all)}`,
            h('span', { class: 'muted' }, ` ${eng(worker.stake)}`),
          ),
        ),
    ),
  )
}

function picker(state: State, act: Actions): VNode {
  const contract = state.route.view === 'epochs' ? state.route.contract : undefined
  const known = state.contracts ? [...state.contracts.keys()] : []
  const options = contract && !known.includes(contract) ? [contract, ...known] : known
  return card(
    'Group of a contract',
    {},
    options.length
      ? h(
          'label',
          { class: 'field' },
          h('span', null, 'Contract'),
          h(
            'select',
            {
              class: 'mono',
              value: contract ?? '',
              on: {
                change: (event) =>
                  act.go({ view: 'epochs', contract: asAddress((event.target as HTMLSelectElement).value) }),
              },
            },
            h('option', { value: '' }, 'Choose…'),
            options.map((address) => h('option', { key: address, value: address }, address)),
          ),
        )
      : empty('No secret contract yet.'),
  )
}

/** The group of a contract, by rank. */
export function groupCard(state: State, contract: Hex, act: Actions): VNode {
  const group = state.groups.get(contract)
  const title = ['Group of ', h('span', { class: 'mono' }, short(contract))]
  if (!group) return card(title, {}, problem(state, 'group') ?? loading())
  const first = (group.workers.find((worker) => !worker.silent) ?? group.workers[0])?.rank
  return card(
    title,
    { aside: h('a', { href: linkTo({ view: 'epochs', contract }) }, `epoch ${whole(group.epoch)}`) },
    group.workers.length
      ? table('Group by rank', group.workers, (worker) => worker.rank, [
          {
            name: 'Rank',
            class: 'lead',
            cell: (worker) =>
              h(
                'strong',
                null,
                `${worker.rank}, ${worker.silent ? 'passed over' : worker.rank === first ? 'executes' : 'stands by'}`,
              ),
          },
          { name: 'Worker', cell: (worker) => whole(worker.id) },
          { name: 'Signing key', cell: (worker) => hex(worker.signer, act) },
          { name: 'Operator', cell: (worker) => hex(worker.operator, act) },
        ])
      : empty('Nobody was drawn: no worker has weight in this epoch.'),
  )
}
