/** What a node answers instead of a result. */
export class NodeRpcError extends Error {
  override name = 'NodeRpcError'
  readonly code: number
  readonly data: unknown
  constructor(message: string, code: number, data: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** Longest answer that is read, in characters. */
const MAX_ANSWER = 4 * 1024 * 1024

/** One JSON-RPC request to a node (docs/rpc.md). Throws {@link NodeRpcError} if the node says no. */
export async function postRpc(
  url: string,
  method: string,
  params: readonly unknown[],
  options: { signal?: AbortSignal; timeout?: number } = {},
): Promise<unknown> {
  const limit = AbortSignal.timeout(options.timeout ?? 30_000)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
  })
  const text = await response.text()
  if (text.length > MAX_ANSWER) throw new Error(`${url} answered with more than ${MAX_ANSWER} characters`)
  const answer = parse(text)
  if (answer?.error) {
    const { message, code, data } = answer.error
    throw new NodeRpcError(String(message ?? 'no reason given'), Number(code ?? 0), data)
  }
  if (!answer || !('result' in answer)) throw new Error(`${url} answered ${response.status} without JSON-RPC`)
  return answer.result
}

type Answer = { result?: unknown; error?: { message?: unknown; code?: unknown; data?: unknown } | null }

function parse(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Answer) : undefined
  } catch {
    return undefined
  }
}
