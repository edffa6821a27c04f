// The methods of docs/rpc.md that the explorer uses.
import type { Filter } from '../model/route'
import type { Hex } from '../model/schema'
import {
  readContract,
  readContracts,
  readEpoch,
  readGroup,
  readHealth,
  readNetwork,
  readTask,
  readTasks,
  readTopology,
  readWorkers,
} from '../model/types'
import type { Rpc } from './rpc'

/** Where a further page of tasks begins. */
export type Before = { readonly block: number; readonly contract: Hex; readonly index: number }

export const api = (rpc: Rpc) => ({
  network: () => rpc.call('enigma_network', [], readNetwork),
  health: () => rpc.call('enigma_health', [], readHealth),
  epoch: () => rpc.call('enigma_epoch', [], readEpoch),
  group: (contract: Hex) => rpc.call('enigma_group', [contract], readGroup),
  workers: () => rpc.call('enigma_workers', [], readWorkers),
  contracts: () => rpc.call('enigma_contracts', [], readContracts),
  contract: (contract: Hex) => rpc.call('enigma_contract', [contract], readContract),
  task: (contract: Hex, index: number) => rpc.call('enigma_task', [contract, index], readTask),
  taskOf: (transaction: Hex) => rpc.call('enigma_task', [transaction], readTask),
  tasks: (filter: Filter, limit: number, before?: Before) =>
    rpc.call('enigma_tasks', [{ ...filter, limit, ...(before ? { before } : {}) }], readTasks),
  topology: () => rpc.call('enigma_topology', [], readTopology),
})

export type Api = ReturnType<typeof api>
