// The network at a glance.
import { linkTo } from '../model/route'
import { progress, type State, tasksOf } from '../model/state'
import { h, type VNode } from '../ui/dom'
import { duration, moment, plural, whole } from '../ui/format'
import { card, chip, empty, facts, heading, hex, loading, problem } from '../ui/parts'
import type { Actions } from './actions'
import { taskTable } from './tasks'

export function overview(state: State, act: Actions): VNode {
  const recent = tasksOf(state, {})
  return h(
    'div',
    { class: 'view' },
    heading(
      'Overview',
      'Ordinary contracts, kept secret: ordered and checked by Ethereum, executed in enclaves.',
    ),
    h('div', { class: 'grid' }, epochCard(state), healthCard(state), figures(state)),
    card(
      'Latest tasks',
      { aside: h('a', { href: linkTo({ view: 'tasks' }) }, 'All tasks') },
      problem(state, 'tasks'),
      recent === null
        ? loading()
        : recent.tasks.length
          ? taskTable(state, recent.tasks.slice(0, 8))
          : empty('No task yet. The first one will appear here by itself.'),
    ),
    networkCard(state, act),
  )
}

/** The epoch as a ring that fills, block by block. */
export function epochRing(share: number): VNode {
  const around = 2 * Math.PI * 40
  return h(
    'svg',
    { class: 'ring', viewBox: '0 0 100 100', 'aria-hidden': 'true' },
    h('circle', { class: 'track', cx: 50, cy: 50, r: 40 }),
    h('circle', {
      class: 'fill',
      cx: 50,
      cy: 50,
      r: 40,
      'stroke-dasharray': `${(around * share).toFixed(2)} ${around.toFixed(2)}`,
    }),
  )
}

/** When the epoch ends, in words. */
export function epochEnd(state: State): string {
  if (!state.epoch) return ''
  const { left, late } = progress(state.epoch)
  if (late) return 'waits for its beacon'
  const seconds = state.blockTime === null ? '' : `, about ${duration(left * state.blockTime)}`
  return left === 0 ? 'ends with the next block' : `${plural(left, 'block')} left${seconds}`
}

function epochCard(state: State): VNode {
  const { epoch } = state
  if (!epoch) return card('Epoch', {}, problem(state, 'epoch') ?? loading())
  const { passed, of } = progress(epoch)
  return card(
    'Epoch',
    { class: 'epoch', aside: h('a', { href: linkTo({ view: 'epochs' }) }, 'Groups') },
    h('div', { class: 'dial' }, epochRing(passed / of), h('strong', { class: 'figure' }, whole(epoch.epoch))),
    h(
      'p',
      { class: 'centre' },
      `${whole(passed)} of ${plural(of, 'block')}`,
      h('br', null),
      h('span', { class: 'muted' }, epochEnd(state)),
    ),
    h(
      'p',
      { class: 'centre muted small' },
      epoch.nextStart === null ? 'The next seed is not posted yet.' : 'The next epoch has its seed.',
    ),
  )
}

function healthCard(state: State): VNode {
  const { health } = state
  if (!health) return card('This node', {}, problem(state, 'health') ?? loading())
  return card(
    'This node',
    { aside: chip(health.ok ? 'healthy' : 'not well', health.ok ? 'good' : 'bad') },
    problem(state, 'health'),
    facts(
      ['Name', `${health.name} (${health.role})`],
      [
        'Height',
        whole(state.block && state.block.number > health.height ? state.block.number : health.height),
      ],
      ['Behind', health.behind > 0 ? plural(health.behind, 'block') : 'nothing'],
      ['Peers', `${whole(health.peers.connected)} of ${whole(health.peers.known)} connected`],
      ['Up for', duration(health.uptime)],
      ['Version', health.version],
    ),
  )
}

function figures(state: State): VNode {
  const pending =
    state.contracts &&
    [...state.contracts.values()].reduce((sum, c) => sum + Math.max(0, c.inputs - c.committed), 0)
  const inputs = state.contracts && [...state.contracts.values()].reduce((sum, c) => sum + c.inputs, 0)
  const figure = (value: number | null | undefined, name: string, to: string) =>
    h(
      'a',
      { class: 'tile', href: to },
      h('strong', null, value === null || value === undefined ? '–' : whole(value)),
      h('span', null, name),
    )
  return card(
    'In numbers',
    { class: 'numbers' },
    h(
      'div',
      { class: 'tiles' },
      figure(state.contracts?.size, 'secret contracts', linkTo({ view: 'contracts' })),
      figure(inputs, 'tasks so far', linkTo({ view: 'tasks' })),
      figure(pending, 'pending', linkTo({ view: 'tasks' })),
      figure(
        state.workers?.filter((worker) => worker.loggedIn).length,
        'workers logged in',
        linkTo({ view: 'workers' }),
      ),
    ),
  )
}

const VERIFIERS: { readonly [kind: number]: string } = {
  1: 'dev: parent hashes, for local chains',
  2: 'sync committee',
}

function networkCard(state: State, act: Actions): VNode {
  const { network, health } = state
  if (!network) return card('Network', {}, problem(state, 'network') ?? loading())
  return card(
    'Network',
    { aside: network.simulated && chip('simulated', 'warn') },
    state.networkProblem && h('p', { class: 'note bad', role: 'alert' }, state.networkProblem),
    facts(
      ['Network', hex(network.network, act, { long: true })],
      ['Chain', whole(network.chainId)],
      ['Enigma contract', hex(network.enigma, act, { long: true })],
      network.token ? ['ENG token', hex(network.token, act, { long: true })] : null,
      ['Public key', hex(network.publicKey, act)],
      network.keys
        ? [
            'Keys',
            network.keys === 'dealt'
              ? 'dealt: one key enclave dealt the shares at genesis and erased the polynomial'
              : network.keys,
          ]
        : null,
      ['Checkpoint', ['block ', whole(network.checkpointNumber), ' · ', hex(network.checkpointHash, act)]],
      ['Chain verifier', VERIFIERS[network.verifier] ?? String(network.verifier)],
      ['Attestation root', [network.simulated ? 'SIMULATED · ' : '', hex(network.attestationRoot, act)]],
      ['Ruleset', whole(network.ruleset)],
      [
        'Epochs',
        `${plural(network.parameters.epochLength, 'block')}; envelopes of ${plural(network.parameters.window, 'past epoch')} accepted`,
      ],
      [
        'Groups',
        `${plural(network.parameters.groupSize, 'worker')}; a stand-by's turn after ${plural(network.parameters.takeover, 'block')}`,
      ],
      health?.enclave?.measurement ? ['Measurement here', hex(health.enclave.measurement, act)] : null,
      health ? ["The chain's clock", moment(state.block?.timestamp ?? health.timestamp)] : null,
    ),
    h(
      'p',
      { class: 'muted small' },
      'A client pins the network: what it was built with must be this value, and nothing that a node says replaces it.',
    ),
  )
}
