// Who talks to whom, live.
import type { State } from '../model/state'
import { picture, sizeOf } from '../topology/graph'
import { type Graph, graphOf, type Place } from '../topology/traffic'
import { h, type VNode } from '../ui/dom'
import { plural, rate } from '../ui/format'
import { card, chip, empty, heading, loading, problem, table } from '../ui/parts'
import type { Actions } from './actions'

export function topology(state: State, act: Actions): VNode {
  const graph = state.topology && graphOf(state.topology.topology, state.rates)
  const chosen = graph?.places.find((place) => place.key === state.chosen) ?? null
  return h(
    'div',
    { class: 'view' },
    heading(
      'Topology',
      'Who talks to whom: a line for a connection, dots for messages. What is secret in them is encrypted for an enclave.',
    ),
    card(
      chosen ? chosen.name : 'Network',
      {
        class: 'canvas',
        aside: chosen
          ? h('button', { type: 'button', class: 'quiet', on: { click: () => act.choose(null) } }, 'Show all')
          : graph && legend(),
      },
      problem(state, 'topology'),
      h(
        'div',
        {
          key: 'canvas',
          class: 'measure',
          created: (element) => {
            new ResizeObserver(([entry]) => {
              if (entry && entry.contentRect.width > 0) act.resize(Math.round(entry.contentRect.width))
            }).observe(element)
          },
        },
        graph
          ? graph.places.length
            ? state.width > 0 &&
              picture(state, graph, sizeOf(state.width, graph.places.length), {
                choose: act.choose,
                chosen: state.chosen,
              })
            : empty('The node names no node.')
          : loading(),
      ),
    ),
    graph && nodeTable(state, act, graph),
  )
}

const legend = (): VNode =>
  h(
    'ul',
    { class: 'legend', 'aria-label': 'Legend' },
    h('li', null, h('i', { class: 'mark key' }), 'key node'),
    h('li', null, h('i', { class: 'mark worker' }), 'worker'),
    h('li', null, h('i', { class: 'mark gone' }), 'out of reach'),
  )

/** The picture in words, and the way to look at one node by keyboard. */
function nodeTable(state: State, act: Actions, graph: Graph): VNode {
  const of = (place: Place) => {
    const edges = graph.edges.filter((edge) => edge.a === place.key || edge.b === place.key)
    return {
      connected: edges.filter((edge) => edge.connected).length,
      known: edges.length,
      sent: edges.reduce((sum, edge) => sum + (edge.a === place.key ? edge.forth : edge.back), 0),
      received: edges.reduce((sum, edge) => sum + (edge.a === place.key ? edge.back : edge.forth), 0),
    }
  }
  return card(
    plural(graph.places.length, 'node'),
    { aside: 'messages a second, as the nodes tell them' },
    table('Nodes', graph.places, (place) => place.key, [
      {
        name: 'Node',
        class: 'lead',
        cell: (place) =>
          h(
            'button',
            {
              type: 'button',
              class: 'link',
              'aria-pressed': String(place.key === state.chosen),
              on: { click: () => act.choose(place.key === state.chosen ? null : place.key) },
            },
            place.name,
            h('span', { class: 'muted' }, place.role === 'key' ? ' key node' : ` ${place.role}`),
          ),
      },
      {
        name: 'State',
        cell: (place) =>
          place.reachable ? chip(place.self ? 'this node' : 'in reach', 'good') : chip('out of reach', 'bad'),
      },
      { name: 'Connected', class: 'right', cell: (place) => `${of(place).connected} of ${of(place).known}` },
      { name: 'Sends', class: 'right', cell: (place) => rate(of(place).sent) },
      { name: 'Receives', class: 'right', cell: (place) => rate(of(place).received) },
    ]),
  )
}
