// A bare chain on a port of its own: anvil, without anything of Enigma.
import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'

export class Chain {
  #process: ChildProcess
  #url: Promise<string>

  constructor(hardfork: string, ...options: string[]) {
    const binary = createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/bin/anvil')
    this.#process = spawn(binary, ['--port', '0', '--hardfork', hardfork, '--accounts', '2', ...options])
    this.#url = new Promise((resolve, reject) => {
      let text = ''
      this.#process.stdout?.on('data', (chunk) => {
        text += String(chunk)
        const at = /Listening on ([\d.:]+)/.exec(text)?.[1]
        if (at) resolve(`http://${at}`)
      })
      this.#process.once('error', reject)
      this.#process.once('exit', (code) => reject(new Error(`anvil ended with ${code}`)))
    })
  }

  async request<T>(method: string, ...params: unknown[]): Promise<T> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(await this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const { result, error } = (await response.json()) as { result: T; error?: { message: string } }
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill()
    await ended
  }
}
