// What happens when a reader does something.
import { asAddress, asHash, linkTo } from './model/route'
import type { Hex } from './model/schema'
import type { Happening, State } from './model/state'
import type { Api } from './node/api'
import { type Feed, reason } from './node/feed'
import { applyTheme } from './ui/theme'
import { makeUnlocking } from './unlock/actions'
import type { Actions } from './views/actions'

const NOTICE = 3_000

export function makeActions(
  node: Api,
  feed: Feed,
  get: () => State,
  tell: (happening: Happening) => void,
): Actions & { settle: () => void } {
  let fading: ReturnType<typeof setTimeout> | undefined
  const notify = (notice: string) => {
    clearTimeout(fading)
    tell({ type: 'patch', patch: { notice } })
    fading = setTimeout(() => tell({ type: 'patch', patch: { notice: null } }), NOTICE)
  }
  const unlocking = makeUnlocking(get, tell, () => feed.tick())
  const go: Actions['go'] = (route) => {
    location.hash = linkTo(route)
  }
  return {
    ...unlocking,
    go,
    theme: (theme) => {
      applyTheme(theme)
      tell({ type: 'patch', patch: { theme } })
    },
    choose: (chosen) => tell({ type: 'patch', patch: { chosen } }),
    resize: (width) => {
      if (width !== get().width) tell({ type: 'patch', patch: { width } })
    },
    search: (text) => void search(text),
    copy: (text) => {
      // Without a secure context there is no clipboard to write to.
      const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'))
      written.then(
        () => notify('Copied'),
        () => notify('The browser does not let this page copy.'),
      )
    },
    older: (filter) => void feed.older(filter),
  }

  async function search(text: string): Promise<void> {
    const [address, hash] = [asAddress(text), asHash(text)]
    try {
      if (hash) {
        const task = await node.taskOf(hash)
        tell({ type: 'task', task })
        go({ view: 'task', contract: task.contract, index: task.index })
      } else if (address) go(await placeOf(address))
      else notify('Neither an address (0x and 40 digits) nor a transaction (0x and 64).')
    } catch (error) {
      notify(reason(error))
    }
  }

  /** A secret contract's page, or the tasks that the account sent. */
  async function placeOf(address: Hex) {
    try {
      tell({ type: 'contract', contract: await node.contract(address) })
      return { view: 'contract', contract: address } as const
    } catch {
      return { view: 'tasks', sender: address } as const
    }
  }
}
