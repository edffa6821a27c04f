import type { Connection } from '../connection.js'

/**
 * Listens to the receipts that a node announces, so that a chain without subscriptions is asked at the right moment.
 * A node that is silent, wrong or gone costs nothing but the hint.
 */
export function hint(connection: Connection, onHint: () => void): () => void {
  const node = connection.options.nodes[0]
  if (node === undefined || typeof WebSocket === 'undefined') return () => undefined
  let socket: WebSocket
  try {
    socket = new WebSocket(node.replace(/^http/, 'ws'))
  } catch {
    return () => undefined
  }
  socket.addEventListener('open', () => {
    socket.send(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'enigma_subscribe', params: ['receipts', {}] }),
    )
  })
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string' && data.includes('enigma_subscription')) onHint()
  })
  // Without a listener some platforms report a failed hint as an uncaught error.
  socket.addEventListener('error', () => undefined)
  return () => socket.close()
}
