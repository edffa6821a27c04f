// JSON-RPC to one node: requests over HTTP, subscriptions over a WebSocket that is opened again when it breaks.
import { type Reader, record, text } from '../model/schema'

/** The node refused a request, or could not be asked. */
export class NodeError extends Error {
  override name = 'NodeError'
  constructor(
    message: string,
    /** JSON-RPC code; undefined if there was no answer. */
    readonly code?: number,
  ) {
    super(message)
  }
}

export const NOT_FOUND = -32_000
const TIMEOUT = 10_000
const LONGEST_PAUSE = 30_000

/** The address of the node from `?node=`, or the page's own. Only http and https. */
export function nodeAddress(page: { readonly href: string; readonly search: string }): {
  url: string
  foreign: boolean
} {
  const own = new URL('.', page.href)
  const wanted = new URLSearchParams(page.search).get('node')
  if (wanted && /^https?:\/\//i.test(wanted) && URL.canParse(wanted)) {
    const url = new URL(wanted)
    url.search = ''
    url.hash = ''
    url.username = ''
    url.password = ''
    return { url: url.href, foreign: url.origin !== own.origin }
  }
  return { url: `${own.origin}/`, foreign: false }
}

const failure = (value: unknown) => record({ code: number_, message: text })(value, 'error')
const number_: Reader<number> = (value) => (typeof value === 'number' ? value : 0)

export class Rpc {
  #next = 1
  constructor(readonly url: string) {}

  /** Asks, and reads the answer. Throws {@link NodeError} or `UnexpectedAnswerError`. */
  async call<T>(method: string, params: readonly unknown[], read: Reader<T>): Promise<T> {
    let answer: unknown
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: this.#next++, method, params }),
        signal: AbortSignal.timeout(TIMEOUT),
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      })
      answer = await response.json()
    } catch (error) {
      const late = error instanceof DOMException && error.name === 'TimeoutError'
      throw new NodeError(late ? 'The node does not answer.' : 'The node cannot be reached.')
    }
    if (typeof answer !== 'object' || answer === null)
      throw new NodeError('The node does not speak JSON-RPC.')
    if ('error' in answer && answer.error) {
      const { code, message } = failure(answer.error)
      throw new NodeError(message, code)
    }
    return read('result' in answer ? answer.result : undefined, method)
  }
}

export type Topic = 'tasks' | 'receipts' | 'epochs' | 'blocks'

export type SocketEvents = {
  /** Subscriptions stand; what was missed before has to be asked for. */
  readonly onOpen: () => void
  readonly onLost: () => void
  readonly onNews: (topic: Topic, result: unknown) => void
}

const TOPICS: readonly Topic[] = ['tasks', 'receipts', 'epochs', 'blocks']

/** Subscribes to everything, for as long as the page lives. Returns how to stop. */
export function subscribe(url: string, events: SocketEvents): () => void {
  const address = new URL('ws', url)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  let pause = 1_000
  let stopped = false
  let socket: WebSocket | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const open = () => {
    let current: WebSocket
    try {
      current = new WebSocket(address)
    } catch {
      return events.onLost()
    }
    socket = current
    const topics = new Map<string, Topic>()
    let waiting = TOPICS.length
    current.onopen = () => {
      for (const [id, topic] of TOPICS.entries())
        current.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'enigma_subscribe', params: [topic] }))
    }
    current.onmessage = ({ data }) => {
      let message: {
        id?: unknown
        result?: unknown
        params?: { subscription?: unknown; result?: unknown }
      } | null
      try {
        message = JSON.parse(String(data))
      } catch {
        return
      }
      if (typeof message !== 'object' || message === null) return
      if (message.params && typeof message.params === 'object') {
        const topic = topics.get(String(message.params.subscription))
        if (topic) events.onNews(topic, message.params.result)
        return
      }
      const topic = TOPICS[typeof message.id === 'number' ? message.id : -1]
      if (!topic || message.result === undefined) return
      topics.set(String(message.result), topic)
      if (--waiting === 0) {
        pause = 1_000
        events.onOpen()
      }
    }
    current.onclose = () => {
      if (stopped) return
      events.onLost()
      // A little chance, so that many pages do not come back at the same moment.
      timer = setTimeout(open, pause * (0.8 + 0.4 * Math.random()))
      pause = Math.min(pause * 2, LONGEST_PAUSE)
    }
  }
  open()
  return () => {
    stopped = true
    clearTimeout(timer)
    socket?.close()
  }
}
