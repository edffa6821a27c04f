// The topology as a picture: nodes on an ellipse, lines between those that know each other, dots that run along a line
// while messages do.
import type { State } from '../model/state'
import { h, type VNode } from '../ui/dom'
import { whole } from '../ui/format'
import { CROWD, centre, curve, layout, nodeRadius, type Size } from './layout'
import type { Edge, Graph, Place } from './traffic'

export const sizeOf = (width: number, count: number): Size => ({
  width,
  height: Math.round(
    Math.max(
      340,
      Math.min(620, width * (width < 560 ? 1.1 : 0.5) + Math.max(0, count - 12) * (width < 560 ? 12 : 6)),
    ),
  ),
})

/** Thickness of a line, pixels: it grows with the logarithm of what runs along it. */
export const thickness = (edge: Edge): number => 1 + Math.min(4, Math.log2(1 + edge.forth + edge.back) * 0.8)

/** Dots run in one of three paces, so that a small change of the rate does not make them jump. */
export const pace = (perSecond: number): 'idle' | 'slow' | 'brisk' | 'fast' =>
  perSecond < 0.05 ? 'idle' : perSecond < 2 ? 'slow' : perSecond < 12 ? 'brisk' : 'fast'

/** A name as far as there is room; in a small and crowded picture `worker-12` is `w12`. The table has it whole. */
export function label(name: string, count: number, size: Size): string {
  const small = size.width < 560
  const numbered = name.match(/^(\p{L})[\p{L}-]*?-?(\d{1,4})$/u)
  if (small && count > CROWD && numbered) return `${numbered[1]}${numbered[2]}`
  const most = small ? 9 : 15
  return name.length > most ? `${name.slice(0, most - 1)}…` : name
}

export type GraphActions = { readonly choose: (key: string | null) => void; readonly chosen: string | null }

export function picture(state: State, graph: Graph, size: Size, act: GraphActions): VNode {
  const spots = layout(graph.places, size)
  const middle = centre(size)
  const radius = nodeRadius(graph.places.length, size)
  const chosen = graph.places.some((place) => place.key === act.chosen) ? act.chosen : null
  const near = new Set<string>(chosen ? [chosen] : [])
  for (const edge of graph.edges)
    if (edge.connected && (edge.a === chosen || edge.b === chosen)) near.add(edge.a).add(edge.b)
  const dim = (keys: readonly string[]) => (chosen && !keys.includes(chosen) ? ' dim' : '')

  const spokes = graph.places.map((place) => {
    const spot = spots.get(place.key)
    return (
      spot &&
      place.reachable &&
      h('line', {
        key: place.key,
        class: `spoke${dim([place.key])}`,
        x1: spot.x,
        y1: spot.y,
        x2: middle.x,
        y2: middle.y,
      })
    )
  })
  const lines = graph.edges.map((edge) => {
    const [from, to] = [spots.get(edge.a), spots.get(edge.b)]
    if (!from || !to) return null
    const classes = dim([edge.a, edge.b])
    const flow = (name: string, path: string, perSecond: number) =>
      h('path', { key: name, class: `flow ${pace(perSecond)}${classes}`, d: path })
    return h(
      'g',
      { key: `${edge.a}>${edge.b}` },
      h('path', {
        class: `edge${edge.connected ? '' : ' broken'}${classes}`,
        d: curve(from, to, middle),
        'stroke-width': thickness(edge).toFixed(2),
      }),
      edge.connected && flow('forth', curve(from, to, middle, 2.5), edge.forth),
      edge.connected && flow('back', curve(to, from, middle, -2.5), edge.back),
    )
  })
  const nodes = graph.places.map((place) => {
    const spot = spots.get(place.key)
    if (!spot) return null
    return h(
      'g',
      {
        key: place.key,
        class: `node ${place.role}${place.reachable ? '' : ' gone'}${place.self ? ' self' : ''}${place.key === chosen ? ' chosen' : ''}${chosen && !near.has(place.key) ? ' dim' : ''}`,
        on: { click: () => act.choose(place.key === chosen ? null : place.key) },
      },
      h('circle', { class: 'touch', cx: spot.x, cy: spot.y, r: radius + 10 }),
      shape(place, spot.x, spot.y, radius),
      h(
        'text',
        { x: spot.label.x, y: spot.label.y, 'text-anchor': spot.anchor },
        label(place.name, graph.places.length, size),
      ),
      h('title', null, `${place.name}, ${place.role}${place.reachable ? '' : ', out of reach'}`),
    )
  })
  return h(
    'svg',
    {
      class: 'topology',
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
      role: 'img',
      'aria-label': summary(graph),
    },
    h('g', null, spokes),
    h('g', null, lines),
    chain(state, middle),
    h('g', null, nodes),
  )
}

/** The picture in one sentence. */
export function summary(graph: Graph): string {
  const of = (role: Place['role']) => graph.places.filter((place) => place.role === role).length
  const gone = graph.places.filter((place) => !place.reachable).length
  const busy = graph.edges.filter((edge) => edge.forth + edge.back > 0).length
  return `${of('key')} key nodes and ${of('worker')} workers around the chain; ${busy} of ${graph.edges.length} connections carry messages; ${gone} nodes out of reach.`
}

/** Workers are discs, key nodes diamonds, others squares: the form says as much as the colour. */
function shape(place: Place, x: number, y: number, r: number): VNode {
  if (place.role === 'worker') return h('circle', { class: 'body', cx: x, cy: y, r })
  const d =
    place.role === 'key'
      ? `M${x} ${y - r * 1.2}L${x + r * 1.2} ${y}L${x} ${y + r * 1.2}L${x - r * 1.2} ${y}Z`
      : `M${x - r * 0.85} ${y - r * 0.85}h${r * 1.7}v${r * 1.7}h${-r * 1.7}Z`
  return h('path', { class: 'body', d })
}

/** The chain beats once a block. */
function chain(state: State, { x, y }: { readonly x: number; readonly y: number }): VNode {
  const height = state.block?.number ?? state.health?.height
  const corners = [0, 1, 2, 3, 4, 5].map((i) => {
    const angle = (Math.PI / 3) * i - Math.PI / 2
    return `${(x + 26 * Math.cos(angle)).toFixed(1)} ${(y + 26 * Math.sin(angle)).toFixed(1)}`
  })
  return h(
    'g',
    { class: 'chain' },
    h('circle', { key: `beat ${height}`, class: 'beat', cx: x, cy: y, r: 26 }),
    h('path', { key: 'body', class: 'body', d: `M${corners.join('L')}Z` }),
    h('text', { key: 'name', x, y: y - 2, 'text-anchor': 'middle' }, 'chain'),
    h(
      'text',
      { key: 'height', class: 'height', x, y: y + 11, 'text-anchor': 'middle' },
      height === undefined ? '' : whole(height),
    ),
  )
}
