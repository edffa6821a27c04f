// Where nodes stand: on an ellipse, key nodes on the left, workers on the right, the chain in the middle. The picture
// depends on names and size alone, so it does not move while one watches.
import type { Place } from './traffic'

export type Point = { readonly x: number; readonly y: number }
export type Spot = Point & { readonly anchor: 'start' | 'middle' | 'end'; readonly label: Point }
export type Size = { readonly width: number; readonly height: number }

/** Radius of a node, pixels; smaller when many share a small picture. */
export function nodeRadius(count: number, size: Size): number {
  return Math.max(6, Math.min(13, Math.min(size.width, size.height) / (count * 1.1 + 14)))
}

/** From so many nodes on, a small picture has room for short names only. */
export const CROWD = 10

/** Room for names, pixels: at the sides, above and below. */
const marginX = (size: Size, count: number) => (size.width >= 560 ? 104 : count > CROWD ? 62 : 86)
const MARGIN_Y = 42

export const centre = (size: Size): Point => ({ x: size.width / 2, y: size.height / 2 })

/** A spot for each node, by key. */
export function layout(places: readonly Place[], size: Size): ReadonlyMap<string, Spot> {
  const spots = new Map<string, Spot>()
  const groups = (['key', 'worker', 'other'] as const)
    .map((role) => places.filter((place) => place.role === role))
    .filter((group) => group.length > 0)
  // One free place between groups.
  const slots = places.length + (groups.length > 1 ? groups.length : 0)
  const step = (2 * Math.PI) / Math.max(1, slots)
  const { x: cx, y: cy } = centre(size)
  const rx = Math.max(40, cx - marginX(size, places.length))
  const ry = Math.max(40, cy - MARGIN_Y)
  const away = nodeRadius(places.length, size) + 13
  // The first group is centred on the left.
  let angle = Math.PI - (((groups[0]?.length ?? 1) - 1) / 2) * step
  for (const group of groups) {
    for (const place of group) {
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
      const [x, y] = [cx + rx * cos, cy + ry * sin]
      const anchor = cos > 0.3 ? 'start' : cos < -0.3 ? 'end' : 'middle'
      const label =
        anchor === 'middle'
          ? { x, y: y + Math.sign(sin || 1) * (away + 3) + 4 }
          : { x: x + Math.sign(cos) * away, y: y + sin * away * 0.6 + 4 }
      spots.set(place.key, { x, y, anchor, label })
      angle += step
    }
    angle += step
  }
  return spots
}

/** How near a line may pass to the chain, pixels. */
const CLEARANCE = 46

/**
 * A gently bent line from `from` to `to`, which keeps clear of the middle; `lane` moves it sideways, pixels. The same
 * pair bends the same way whichever end comes first.
 */
export function curve(from: Point, to: Point, middle: Point, lane = 0): string {
  const flip = from.x < to.x || (from.x === to.x && from.y < to.y) ? 1 : -1
  const [dx, dy] = [(to.x - from.x) * flip, (to.y - from.y) * flip]
  const length = Math.hypot(dx, dy) || 1
  const normal = { x: -dy / length, y: dx / length }
  const mid = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }
  // The side on which the line passes the middle, and how far from it.
  const distance = (mid.x - middle.x) * normal.x + (mid.y - middle.y) * normal.y
  const along = Math.abs((mid.x - middle.x) * dx + (mid.y - middle.y) * dy) / length
  const side = distance < 0 ? -1 : 1
  const near = along < length / 2 && Math.abs(distance) < CLEARANCE
  // A quadratic curve reaches half of its control point's offset.
  const bend = near ? side * (CLEARANCE - Math.abs(distance)) * 2 : -side * length * 0.06
  const offset = bend + lane * 2
  const control = { x: mid.x + normal.x * offset, y: mid.y + normal.y * offset }
  const at = (point: Point) => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`
  return `M${at(from)}Q${at(control)} ${at(to)}`
}
