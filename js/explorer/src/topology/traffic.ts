// Messages per second between nodes, from the counters that the nodes tell: the difference of two answers.
import type { Topology, TopologyNode } from '../model/types'

/** An answer and when it came, in seconds of any steady clock. */
export type Sample = { readonly topology: Topology; readonly at: number }

/** A node of the picture: one that was named, or a peer that others speak of. */
export type Place = {
  readonly key: string
  readonly name: string
  readonly role: 'worker' | 'key' | 'other'
  readonly self: boolean
  readonly reachable: boolean
}

/** Two nodes and what flows each way, messages per second. `a < b`. */
export type Edge = {
  readonly a: string
  readonly b: string
  readonly connected: boolean
  readonly forth: number
  readonly back: number
}

export type Graph = { readonly places: readonly Place[]; readonly edges: readonly Edge[] }

const keyOf = (node: TopologyNode) => node.peer ?? node.name

function roleOf(role: string): Place['role'] {
  if (/worker/i.test(role)) return 'worker'
  return /key/i.test(role) ? 'key' : 'other'
}

/** How much weight the newest interval has in the rate that is shown: calm, yet visible within two polls. */
const SMOOTHING = 0.6

type Counters = Map<string, { sent: number; received: number }>

function counters(topology: Topology): Counters {
  const found: Counters = new Map()
  for (const node of topology.nodes)
    for (const peer of node.peers) found.set(`${keyOf(node)}>${peer.peer}`, peer)
  return found
}

/** What grew between two counters. A counter that fell belongs to a node that was started anew. */
const grown = (now: number, before: number | undefined) =>
  before === undefined || now < before ? 0 : now - before

/**
 * Flow from each node to each other, messages per second, keyed `from>to`. Either side's word will do, since the other
 * may be out of reach; the larger counts.
 */
export function flows(
  before: Sample | null,
  now: Sample,
  shown: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const next = new Map<string, number>()
  const seconds = before ? now.at - before.at : 0
  if (!before || seconds <= 0) return next
  const [then, current] = [counters(before.topology), counters(now.topology)]
  const raw = new Map<string, number>()
  const note = (flow: string, messages: number) =>
    raw.set(flow, Math.max(raw.get(flow) ?? 0, messages / seconds))
  for (const [flow, counter] of current) {
    const [from, to] = flow.split('>') as [string, string]
    note(`${from}>${to}`, grown(counter.sent, then.get(flow)?.sent))
    note(`${to}>${from}`, grown(counter.received, then.get(flow)?.received))
  }
  for (const [flow, perSecond] of raw) {
    const smooth = SMOOTHING * perSecond + (1 - SMOOTHING) * (shown.get(flow) ?? perSecond)
    next.set(flow, smooth < 0.05 ? 0 : smooth)
  }
  return next
}

/** Nodes in a stable order (keys, workers, others; by name) and one edge for each pair that knows each other. */
export function graphOf(topology: Topology, rates: ReadonlyMap<string, number>): Graph {
  const places = new Map<string, Place>()
  for (const node of topology.nodes) {
    const key = keyOf(node)
    if (!places.has(key))
      places.set(key, {
        key,
        name: node.name,
        role: roleOf(node.role),
        self: node.self ?? false,
        reachable: node.reachable,
      })
  }
  const edges = new Map<string, Edge>()
  for (const node of topology.nodes)
    for (const { peer, connected } of node.peers) {
      const key = keyOf(node)
      if (peer === key) continue
      if (!places.has(peer))
        places.set(peer, {
          key: peer,
          name: peer.slice(-8),
          role: 'other',
          self: false,
          reachable: connected,
        })
      const [a, b] = key < peer ? [key, peer] : [peer, key]
      const known = edges.get(`${a}>${b}`)
      edges.set(`${a}>${b}`, {
        a,
        b,
        connected: connected || (known?.connected ?? false),
        forth: rates.get(`${a}>${b}`) ?? 0,
        back: rates.get(`${b}>${a}`) ?? 0,
      })
    }
  const rank = { key: 0, worker: 1, other: 2 }
  const ordered = [...places.values()].sort(
    (x, y) => rank[x.role] - rank[y.role] || x.name.localeCompare(y.name, 'en', { numeric: true }),
  )
  return { places: ordered, edges: [...edges.values()] }
}
