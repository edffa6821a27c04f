// What is around every view: name, warnings, navigation, search, theme.
import { linkTo, type Route } from '../model/route'
import type { State, Theme } from '../model/state'
import { h, type VNode } from '../ui/dom'
import { short } from '../ui/format'
import { card, empty, heading } from '../ui/parts'
import type { Actions } from './actions'
import { contract, contracts } from './contracts'
import { epochs } from './epochs'
import { overview } from './overview'
import { task } from './task'
import { tasks } from './tasks'
import { topology } from './topology'
import { unlock } from './unlock'
import { workers } from './workers'

const TABS: readonly {
  readonly name: string
  readonly route: Route
  readonly views: readonly Route['view'][]
}[] = [
  { name: 'Overview', route: { view: 'overview' }, views: ['overview'] },
  { name: 'Topology', route: { view: 'topology' }, views: ['topology'] },
  { name: 'Epochs', route: { view: 'epochs' }, views: ['epochs'] },
  { name: 'Tasks', route: { view: 'tasks' }, views: ['tasks', 'task'] },
  { name: 'Contracts', route: { view: 'contracts' }, views: ['contracts', 'contract'] },
  { name: 'Workers', route: { view: 'workers' }, views: ['workers'] },
  { name: 'Your tasks', route: { view: 'unlock' }, views: ['unlock'] },
]

/** The name of what is shown, for the window's title. */
export const titleOf = (route: Route): string => {
  const tab = TABS.find(({ views }) => views.includes(route.view))?.name ?? 'Nowhere'
  if (route.view === 'task') return `Task ${short(route.contract)} #${route.index}`
  return route.view === 'contract' ? `Contract ${short(route.contract)}` : tab
}

export function page(state: State, act: Actions): readonly (VNode | null)[] {
  return [
    h(
      'a',
      {
        class: 'skip',
        href: '#main',
        on: {
          click: (event) => {
            event.preventDefault()
            document.getElementById('title')?.focus()
          },
        },
      },
      'Skip to the content',
    ),
    banners(state),
    h(
      'header',
      { class: 'top', key: 'top' },
      h('div', { class: 'bar' }, brand(state), search(act), status(state), themeSwitch(state, act)),
      tabs(state),
    ),
    h('main', { id: 'main', key: 'main' }, h('div', { key: state.route.view }, view(state, act))),
    footer(state),
    h(
      'div',
      {
        class: `notice${state.notice ? ' shown' : ''}`,
        role: 'status',
        'aria-live': 'polite',
        key: 'notice',
      },
      state.notice,
    ),
  ]
}

function view(state: State, act: Actions): VNode {
  switch (state.route.view) {
    case 'overview':
      return overview(state, act)
    case 'topology':
      return topology(state, act)
    case 'epochs':
      return epochs(state, act)
    case 'tasks':
      return tasks(state, act)
    case 'task':
      return task(state, act)
    case 'contracts':
      return contracts(state, act)
    case 'contract':
      return contract(state, act)
    case 'workers':
      return workers(state, act)
    case 'unlock':
      return unlock(state, act)
    case 'nowhere':
      return h(
        'div',
        { class: 'view' },
        heading('Nowhere'),
        card('No such page', {}, empty(`“${state.route.hash}” leads to nothing here.`)),
      )
  }
}

/** Always in sight: what this network does not promise, and where its data come from. */
function banners(state: State): VNode {
  return h(
    'div',
    { class: 'banners', key: 'banners' },
    state.network?.simulated &&
      h(
        'p',
        { class: 'banner simulated', key: 'simulated' },
        h('strong', null, 'SIMULATED'),
        ' These enclaves are ordinary processes: whoever runs the machines can read what they hold. For development, not for secrets.',
      ),
    state.networkProblem &&
      h('p', { class: 'banner bad', key: 'problem', role: 'alert' }, state.networkProblem),
    state.foreign &&
      h('p', { class: 'banner', key: 'foreign' }, 'Data of ', h('strong', { class: 'mono' }, state.node)),
  )
}

function brand(state: State): VNode {
  return h(
    'a',
    { class: 'brand', href: linkTo({ view: 'overview' }), 'aria-label': 'Enigma, overview' },
    h(
      'svg',
      { viewBox: '0 0 32 32', 'aria-hidden': 'true' },
      h('path', { d: 'M16 2.5 27.7 9.25v13.5L16 29.5 4.3 22.75V9.25Z' }),
      h('path', { d: 'M21.5 11.5h-8a2 2 0 0 0-2 2v5a2 2 0 0 0 2 2h8M11.5 16h8' }),
    ),
    h(
      'span',
      null,
      'Enigma',
      h('small', { class: 'mono' }, state.network ? short(state.network.network) : ' '),
    ),
  )
}

function search(act: Actions): VNode {
  return h(
    'form',
    {
      class: 'search',
      role: 'search',
      on: {
        submit: (event) => {
          event.preventDefault()
          const input = (event.target as HTMLFormElement).elements.namedItem('q') as HTMLInputElement
          act.search(input.value.trim())
          input.value = ''
        },
      },
    },
    h('input', {
      name: 'q',
      type: 'search',
      'aria-label': 'Address or transaction',
      placeholder: 'Address or transaction',
      autocomplete: 'off',
      spellcheck: 'false',
    }),
  )
}

const LINKS = {
  connecting: ['connecting', 'idle'],
  live: ['live', 'good'],
  polling: ['polling', 'warn'],
  lost: ['no answer', 'bad'],
} as const

function status(state: State): VNode {
  const [word, kind] = LINKS[state.link]
  return h(
    'span',
    { class: `chip live ${kind}`, role: 'status', title: `How this page gets its news: ${word}` },
    h('i', null),
    word,
  )
}

function themeSwitch(state: State, act: Actions): VNode {
  const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }
  const icon: Readonly<Record<Theme, string>> = {
    system: 'M12 3a9 9 0 1 0 0 18Zm0 0a9 9 0 0 1 0 18',
    light:
      'M12 7a5 5 0 1 0 0 10a5 5 0 0 0 0-10M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
    dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z',
  }
  const label = `Theme: ${state.theme === 'system' ? 'as the system' : state.theme}`
  return h(
    'button',
    {
      type: 'button',
      class: 'icon',
      'aria-label': label,
      title: label,
      on: { click: () => act.theme(next[state.theme]) },
    },
    h(
      'svg',
      { viewBox: '0 0 24 24', 'aria-hidden': 'true' },
      h('path', { d: icon[state.theme], class: state.theme }),
    ),
  )
}

function tabs(state: State): VNode {
  return h(
    'nav',
    { 'aria-label': 'Views' },
    h(
      'ul',
      null,
      TABS.map(({ name, route, views }) =>
        h(
          'li',
          { key: name },
          h(
            'a',
            { href: linkTo(route), 'aria-current': views.includes(state.route.view) ? 'page' : undefined },
            name,
          ),
        ),
      ),
    ),
  )
}

function footer(state: State): VNode {
  const { health } = state
  return h(
    'footer',
    { key: 'footer' },
    h('p', null, health ? `${health.name} · ${health.role} · ${health.version}` : state.node),
    h(
      'p',
      null,
      'Nothing shown here has to be believed: a client checks what matters against its pinned network and against the chain.',
    ),
  )
}
