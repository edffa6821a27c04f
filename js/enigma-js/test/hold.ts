// Workers that do nothing for a while, as if their machines stood still.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { LocalNetwork } from './local-network.js'

/** Holds the processes of all workers, until what it returns is called. */
export function holdWorkers({ directory }: LocalNetwork): () => void {
  const pids = readFileSync(join(directory, 'pids'), 'utf8').trim().split('\n').map(Number)
  const isWorker = (pid: number) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(directory, 'worker-'))
  const held = pids.filter(isWorker)
  expect(held).toHaveLength(3)
  for (const pid of held) process.kill(pid, 'SIGSTOP')
  return () => {
    for (const pid of held.splice(0)) process.kill(pid, 'SIGCONT')
  }
}
