// The part of the address after `#`. Every view has a link that can be shared.
import type { Hex } from './schema'

export type Filter = { readonly contract?: Hex | undefined; readonly sender?: Hex | undefined }

export type Route =
  | { readonly view: 'overview' | 'topology' | 'contracts' | 'workers' | 'unlock' }
  | { readonly view: 'epochs'; readonly contract?: Hex | undefined }
  | ({ readonly view: 'tasks' } & Filter)
  | { readonly view: 'task'; readonly contract: Hex; readonly index: number }
  | { readonly view: 'contract'; readonly contract: Hex }
  | { readonly view: 'nowhere'; readonly hash: string }

/** An address, in lower case; undefined if it is none. */
export function asAddress(text: string | null | undefined): Hex | undefined {
  return text && /^0x[0-9a-fA-F]{40}$/.test(text) ? (text.toLowerCase() as Hex) : undefined
}

/** 32 bytes, in lower case; undefined otherwise. */
export function asHash(text: string | null | undefined): Hex | undefined {
  return text && /^0x[0-9a-fA-F]{64}$/.test(text) ? (text.toLowerCase() as Hex) : undefined
}

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?')
  const [view = '', first, second, ...rest] = path.split('/')
  const query = new URLSearchParams(search)
  const contract = asAddress(first)
  const nowhere: Route = { view: 'nowhere', hash: hash.slice(0, 80) }
  if (rest.length) return nowhere
  switch (view) {
    case '':
    case 'overview':
      return { view: 'overview' }
    case 'topology':
    case 'contracts':
    case 'workers':
    case 'unlock':
      return first === undefined ? { view } : nowhere
    case 'epochs':
      return { view, contract: asAddress(query.get('contract')) }
    case 'tasks':
      return { view, contract: asAddress(query.get('contract')), sender: asAddress(query.get('sender')) }
    case 'contract':
      return contract && second === undefined ? { view, contract } : nowhere
    case 'task':
      return contract && second !== undefined && /^\d{1,15}$/.test(second)
        ? { view, contract, index: Number(second) }
        : nowhere
    default:
      return nowhere
  }
}

export function linkTo(route: Route): string {
  const search = (fields: { [name: string]: string | undefined }) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(fields)) if (value) query.set(name, value)
    return query.size ? `?${query}` : ''
  }
  switch (route.view) {
    case 'overview':
      return '#/'
    case 'epochs':
      return `#/epochs${search({ contract: route.contract })}`
    case 'tasks':
      return `#/tasks${search({ contract: route.contract, sender: route.sender })}`
    case 'task':
      return `#/task/${route.contract}/${route.index}`
    case 'contract':
      return `#/contract/${route.contract}`
    case 'nowhere':
      return '#/'
    default:
      return `#/${route.view}`
  }
}

export const filterKey = (filter: Filter) => `${filter.contract ?? ''}|${filter.sender ?? ''}`
