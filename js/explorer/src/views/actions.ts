// What a reader can do. Views call these and change nothing by themselves.
import type { Filter, Route } from '../model/route'
import type { Hex } from '../model/schema'
import type { Theme } from '../model/state'

export type Actions = {
  readonly go: (route: Route) => void
  readonly theme: (theme: Theme) => void
  /** Looks at one node of the topology; null: at all. */
  readonly choose: (key: string | null) => void
  /** The topology has another width. */
  readonly resize: (width: number) => void
  /** Goes to what an address or the hash of a transaction stands for. */
  readonly search: (text: string) => void
  readonly copy: (text: string) => void
  readonly older: (filter: Filter) => void
  readonly connect: (wallet: string) => void
  readonly disconnect: () => void
  readonly switchChain: () => void
  readonly unlock: (contract: Hex) => void
  readonly lock: () => void
  readonly loadAbi: (contract: Hex, name: string, text: string) => void
  readonly forgetAbi: (contract: Hex) => void
}
