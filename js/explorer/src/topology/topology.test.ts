import { expect, test } from 'vitest'
import type { Topology } from '../model/types'
import { label, pace, thickness } from './graph'
import { centre, curve, layout, nodeRadius, type Point } from './layout'
import { flows, graphOf, type Place } from './traffic'

const link = (peer: string, sent = 0, received = 0, connected = true) => ({ peer, connected, sent, received })
const node = (name: string, role: string, peers: Topology['nodes'][number]['peers'], reachable = true) => ({
  name,
  role,
  peer: `p-${name}`,
  self: false,
  reachable,
  peers,
})
const two = (sent: number, received = 0): Topology => ({
  nodes: [node('a', 'worker', [link('p-b', sent, 0)]), node('b', 'key', [link('p-a', 0, received)])],
})

test('what flows is the difference of two answers, each side counted once', () => {
  const rates = flows({ topology: two(10, 10), at: 0 }, { topology: two(30, 30), at: 2 }, new Map())
  expect(rates.get('p-a>p-b')).toBe(10)
  expect(rates.get('p-b>p-a')).toBe(0)
})

test('one side alone is enough, when the other is out of reach', () => {
  const alone = (sent: number): Topology => ({ nodes: [node('a', 'worker', [link('p-b', sent, 0)])] })
  expect(flows({ topology: alone(0), at: 0 }, { topology: alone(4), at: 2 }, new Map()).get('p-a>p-b')).toBe(
    2,
  )
})

test('a counter that starts again is no flow, and neither is the first answer', () => {
  expect(flows({ topology: two(100), at: 0 }, { topology: two(3), at: 2 }, new Map()).get('p-a>p-b')).toBe(0)
  expect(flows(null, { topology: two(100), at: 2 }, new Map()).size).toBe(0)
  expect(flows({ topology: two(1), at: 2 }, { topology: two(100), at: 2 }, new Map()).size).toBe(0)
})

test('a flow that ends fades out within some answers', () => {
  let rates: ReadonlyMap<string, number> = new Map([['p-a>p-b', 40]])
  let polls = 0
  for (; (rates.get('p-a>p-b') ?? 0) > 0; polls++)
    rates = flows({ topology: two(1), at: 0 }, { topology: two(1), at: 2 }, rates)
  expect(polls).toBeGreaterThan(1)
  expect(polls).toBeLessThan(12)
})

test('a graph has each pair once, and peers that only others know', () => {
  const graph = graphOf(
    {
      nodes: [
        node('w', 'worker', [link('p-k'), link('p-unknown', 0, 0, false)]),
        node('k', 'key', [link('p-w')]),
      ],
    },
    new Map([['p-w>p-k', 3]]),
  )
  expect(graph.places.map((place) => [place.name, place.role, place.reachable])).toEqual([
    ['k', 'key', true],
    ['w', 'worker', true],
    ['p-unknown'.slice(-8), 'other', false],
  ])
  expect(graph.edges).toContainEqual({ a: 'p-k', b: 'p-w', connected: true, forth: 0, back: 3 })
  expect(graph.edges).toHaveLength(2)
})

const places = (keys: number, workers: number): Place[] => [
  ...Array.from(
    { length: keys },
    (_, i): Place => ({ key: `k${i}`, name: `key-${i}`, role: 'key', self: false, reachable: true }),
  ),
  ...Array.from(
    { length: workers },
    (_, i): Place => ({ key: `w${i}`, name: `worker-${i}`, role: 'worker', self: false, reachable: true }),
  ),
]
const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y)

test('twenty nodes neither touch each other nor the chain nor the border, on a desk and on a phone', () => {
  for (const size of [
    { width: 1080, height: 600 },
    { width: 326, height: 440 },
  ]) {
    const all = places(7, 13)
    const spots = [...layout(all, size).values()]
    const radius = nodeRadius(all.length, size)
    expect(spots).toHaveLength(20)
    for (const [i, spot] of spots.entries()) {
      expect(spot.x - radius).toBeGreaterThan(0)
      expect(spot.x + radius).toBeLessThan(size.width)
      expect(spot.y - radius).toBeGreaterThan(0)
      expect(spot.y + radius).toBeLessThan(size.height)
      expect(distance(spot, centre(size))).toBeGreaterThan(60)
      for (const other of spots.slice(i + 1)) expect(distance(spot, other)).toBeGreaterThan(2 * radius + 4)
    }
  }
})

test('key nodes stand on the left, workers on the right', () => {
  const size = { width: 800, height: 500 }
  const spots = layout(places(4, 3), size)
  for (const [key, spot] of spots) expect(key.startsWith('k') ? spot.x < 400 : spot.x > 400, key).toBe(true)
})

test('one node, and none, have a picture', () => {
  expect(layout([], { width: 300, height: 300 }).size).toBe(0)
  const [spot] = layout(places(1, 0), { width: 300, height: 300 }).values()
  expect(Number.isFinite(spot?.x) && Number.isFinite(spot?.y)).toBe(true)
})

test('lines keep clear of the chain and are the same from both ends', () => {
  const middle = { x: 300, y: 200 }
  const middleOf = (path: string) => {
    const [x0 = 0, y0 = 0, cx = 0, cy = 0, x1 = 0, y1 = 0] = (path.match(/-?[\d.]+/g) ?? []).map(Number)
    return { x: (x0 + 2 * cx + x1) / 4, y: (y0 + 2 * cy + y1) / 4 }
  }
  for (const [from, to] of [
    [
      { x: 50, y: 200 },
      { x: 550, y: 200 },
    ],
    [
      { x: 50, y: 190 },
      { x: 550, y: 215 },
    ],
    [
      { x: 300, y: 20 },
      { x: 300, y: 380 },
    ],
  ] as const) {
    const there = middleOf(curve(from, to, middle))
    expect(distance(there, middle)).toBeGreaterThan(40)
    expect(distance(there, middleOf(curve(to, from, middle)))).toBeLessThan(0.2)
  }
})

test('lines grow with what runs along them, in bounds, and dots have three paces', () => {
  const edge = (forth: number) => thickness({ a: '', b: '', connected: true, forth, back: 0 })
  expect(edge(0)).toBe(1)
  expect(edge(10)).toBeGreaterThan(edge(1))
  expect(edge(1e9)).toBe(5)
  expect([0, 1, 5, 100].map(pace)).toEqual(['idle', 'slow', 'brisk', 'fast'])
})

test('names are as long as there is room', () => {
  const [desk, phone] = [
    { width: 1000, height: 500 },
    { width: 326, height: 400 },
  ]
  expect(label('worker-12', 20, desk)).toBe('worker-12')
  expect(label('worker-12', 20, phone)).toBe('w12')
  expect(label('worker-12', 5, phone)).toBe('worker-12')
  expect(label('a-very-long-name-indeed', 5, desk)).toBe('a-very-long-na…')
})
