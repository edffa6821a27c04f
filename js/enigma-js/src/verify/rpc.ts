import type { Hex } from 'viem'
import type { Connection } from '../connection.js'

/** A request by its name: for answers that are checked as raw JSON. */
export function request(
  connection: Connection,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  return (
    connection.client.request as (args: { method: string; params: readonly unknown[] }) => Promise<unknown>
  )({
    method,
    params,
  })
}

/** A quantity as JSON-RPC writes it. */
export function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`
}
