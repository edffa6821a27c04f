// Workers: who may be drawn, and what they put at stake.
import type { State } from '../model/state'
import type { Worker } from '../model/types'
import { h, type VNode } from '../ui/dom'
import { eng, moment, plural, share, whole } from '../ui/format'
import { card, chip, empty, heading, hex, loading, problem, table } from '../ui/parts'
import type { Actions } from './actions'
import { weights } from './epochs'

export function workers(state: State, act: Actions): VNode {
  const { workers } = state
  const all = workers?.reduce((sum, worker) => sum + worker.stake, 0n) ?? 0n
  return h(
    'div',
    { class: 'view' },
    heading('Workers and stakes', 'A worker is an admitted enclave and the operator who answers for it.'),
    weights(state),
    card(
      workers ? `${plural(workers.length, 'worker')}, ${eng(all)}` : 'Workers',
      {},
      problem(state, 'workers'),
      workers === null
        ? loading()
        : workers.length
          ? table('Workers', workers, (worker) => worker.id, [
              { name: 'Worker', class: 'lead', cell: (worker) => h('strong', null, whole(worker.id)) },
              {
                name: 'State',
                cell: (worker) => standing(worker, state.now),
              },
              { name: 'Stake', class: 'right', cell: (worker) => eng(worker.stake) },
              {
                name: 'Share',
                class: 'right',
                cell: (worker) => share(Number(worker.stake / 10n ** 12n), Number(all / 10n ** 12n)),
              },
              { name: 'Signing key', cell: (worker) => hex(worker.signer, act) },
              { name: 'Operator', cell: (worker) => hex(worker.operator, act) },
              { name: 'Measurement', cell: (worker) => hex(worker.measurement, act) },
              { name: 'Platform', cell: (worker) => hex(worker.platform, act) },
              { name: 'Admitted until', cell: (worker) => moment(worker.expiry) },
            ])
          : empty('No worker was admitted yet.'),
    ),
  )
}

function standing({ barred, checked, expiry, loggedIn }: Worker, now: number): VNode {
  if (barred) return chip('platform barred', 'bad')
  if (expiry && expiry < now) return chip('admission expired', 'bad')
  if (!loggedIn) return chip('logged out', 'idle')
  // Nothing that it signs lands before its admission was checked against the last revocation.
  return checked ? chip('logged in', 'good') : chip('to be checked', 'idle')
}
