// A page as plain data, and the smallest patcher that brings a document up to date with it. Views are pure functions
// of the state; what did not change is not touched, so nothing flickers and the keyboard's focus stays.
//
// Everything shown here may come from a hostile node: text becomes text nodes, there is no way to write HTML, styles go
// through the CSSOM (which a strict Content-Security-Policy allows), and links lead nowhere but into this page.

export type Handlers = { readonly [event: string]: (event: Event) => void }

export type Props = {
  /** Tells siblings apart, so that a list that grows at the top keeps its elements. */
  readonly key?: string | number | undefined
  readonly on?: Handlers | undefined
  /** Custom properties and other styles, set one by one. */
  readonly css?: { readonly [name: string]: string } | undefined
  /** Value of a field; set as a property, and only if it differs. */
  readonly value?: string | undefined
  /** Called once with the new element. */
  readonly created?: ((element: Element) => void) | undefined
  readonly [attribute: string]: unknown
}

export type VNode = {
  readonly tag: string
  readonly props: Props
  readonly children: readonly (VNode | string)[]
}
export type Child = VNode | string | number | null | undefined | false | readonly Child[]

const special = new Set(['key', 'on', 'css', 'value', 'created'])

function flatten(children: readonly Child[], into: (VNode | string)[]): (VNode | string)[] {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === '') continue
    if (Array.isArray(child)) flatten(child, into)
    else if (typeof child === 'number') into.push(String(child))
    else into.push(child as VNode | string)
  }
  return into
}

/** An element as data. A link's target must lie in this page. */
export function h(tag: string, props: Props | null, ...children: Child[]): VNode {
  const href = props?.href
  if (href !== undefined && !(typeof href === 'string' && href.startsWith('#')))
    throw new Error('A link of the explorer leads into the explorer.')
  return { tag, props: props ?? {}, children: flatten(children, []) }
}

/** All text of a tree, for tests and for reading aloud. */
export function textOf(node: VNode | string): string {
  return typeof node === 'string' ? node : node.children.map(textOf).join(' ')
}

const SVG = 'http://www.w3.org/2000/svg'
const drawn = new WeakMap<Node, VNode | string>()
const listeners = new WeakMap<Element, Map<string, (event: Event) => void>>()

function listen(element: Element, before: Handlers, after: Handlers) {
  let current = listeners.get(element)
  if (!current) {
    current = new Map()
    listeners.set(element, current)
  }
  for (const name of Object.keys(before)) if (!(name in after)) current.delete(name)
  for (const [name, handler] of Object.entries(after)) {
    // One listener for each kind of event, which calls the newest handler.
    if (!(name in before))
      element.addEventListener(name, (event) => listeners.get(element)?.get(name)?.(event))
    current.set(name, handler)
  }
}

function dress(element: Element, before: Props, after: Props) {
  for (const name of Object.keys(before))
    if (!special.has(name) && (after[name] === undefined || after[name] === null || after[name] === false))
      element.removeAttribute(name)
  for (const [name, value] of Object.entries(after)) {
    if (special.has(name) || value === undefined || value === null || value === false) continue
    const text = value === true ? '' : String(value)
    if (element.getAttribute(name) !== text) element.setAttribute(name, text)
  }
  if (before.on || after.on) listen(element, before.on ?? {}, after.on ?? {})
  const style = (element as HTMLElement | SVGElement).style
  for (const name of Object.keys(before.css ?? {}))
    if (!(name in (after.css ?? {}))) style.removeProperty(name)
  for (const [name, value] of Object.entries(after.css ?? {}))
    if (before.css?.[name] !== value) style.setProperty(name, value)
  if (before.css && !style.length) element.removeAttribute('style')
  if (after.value !== undefined && (element as HTMLInputElement).value !== after.value)
    (element as HTMLInputElement).value = after.value
}

function create(node: VNode | string, namespace: string | null): Node {
  if (typeof node === 'string') {
    const text = document.createTextNode(node)
    drawn.set(text, node)
    return text
  }
  const inner = node.tag === 'svg' ? SVG : namespace
  const element = inner ? document.createElementNS(inner, node.tag) : document.createElement(node.tag)
  dress(element, {}, { ...node.props, value: undefined })
  for (const child of node.children) element.append(create(child, inner))
  // A select takes its value only once it has its options.
  if (node.props.value !== undefined) (element as HTMLInputElement).value = node.props.value
  drawn.set(element, node)
  node.props.created?.(element)
  return element
}

const tagOf = (node: VNode | string) => (typeof node === 'string' ? '#text' : node.tag)
const keyOf = (node: VNode | string) => (typeof node === 'string' ? undefined : node.props.key)
const same = (a: VNode | string | undefined, b: VNode | string) =>
  a !== undefined && tagOf(a) === tagOf(b) && keyOf(a) === keyOf(b)

function update(element: Node, before: VNode | string, after: VNode | string) {
  if (before === after) return
  drawn.set(element, after)
  if (typeof after === 'string' || typeof before === 'string') {
    if (before !== after) element.nodeValue = String(after)
    return
  }
  arrange(element as Element, after.children)
  dress(element as Element, before.props, after.props)
}

/** Gives `parent` these children, reusing the ones that it has. */
function arrange(parent: Element, children: readonly (VNode | string)[]) {
  const namespace = parent.namespaceURI === SVG ? SVG : null
  const present = [...parent.childNodes]
  const keyed = new Map<string | number, Node>()
  const free: Node[] = []
  for (const node of present) {
    const key = keyOf(drawn.get(node) ?? '')
    if (key === undefined) free.push(node)
    else keyed.set(key, node)
  }
  const placed: Node[] = []
  const reused = new Set<Node>()
  let next = 0
  for (const child of children) {
    const key = keyOf(child)
    let match: Node | undefined
    if (key !== undefined) match = keyed.get(key)
    else {
      while (next < free.length && !same(drawn.get(free[next] as Node), child)) next++
      match = free[next++]
    }
    const before = match && drawn.get(match)
    if (match && before !== undefined && same(before, child) && !reused.has(match)) {
      update(match, before, child)
      reused.add(match)
      placed.push(match)
    } else placed.push(create(child, namespace))
  }
  for (const node of present) if (!reused.has(node)) parent.removeChild(node)
  let cursor = parent.firstChild
  for (const node of placed) {
    if (node === cursor) cursor = cursor.nextSibling
    else parent.insertBefore(node, cursor)
  }
}

/** Makes `root` show these nodes. */
export function render(root: Element, ...children: Child[]) {
  arrange(root, flatten(children, []))
}
