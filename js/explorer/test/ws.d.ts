// The part of `ws` that the mock node uses; the package brings no types of its own.
declare module 'ws' {
  import type { IncomingMessage, Server } from 'node:http'
  export class WebSocket {
    send(data: string): void
    terminate(): void
    on(event: 'message', listener: (data: { toString(): string }) => void): void
    on(event: 'close', listener: () => void): void
  }
  export class WebSocketServer {
    constructor(options: { server: Server })
    readonly clients: ReadonlySet<WebSocket>
    on(event: 'connection', listener: (socket: WebSocket, request: IncomingMessage) => void): void
    close(): void
  }
}
