// The small pieces that views are made of.
import { linkTo } from '../model/route'
import type { Hex } from '../model/schema'
import type { State } from '../model/state'
import type { Task } from '../model/types'
import type { Actions } from '../views/actions'
import { type Child, h, type VNode } from './dom'
import { age, moment, short } from './format'

export function card(
  title: Child,
  props: { readonly class?: string; readonly aside?: Child },
  ...body: Child[]
): VNode {
  return h(
    'section',
    { class: `card ${props.class ?? ''}` },
    h(
      'header',
      { class: 'card-head' },
      h('h2', null, title),
      props.aside && h('div', { class: 'aside' }, props.aside),
    ),
    body,
  )
}

/** Names and what they stand for. Lines without a value are left out. */
export function facts(...lines: readonly (readonly [string, Child] | null)[]): VNode {
  return h(
    'dl',
    { class: 'facts' },
    lines.map((line) => line && h('div', { key: line[0] }, h('dt', null, line[0]), h('dd', null, line[1]))),
  )
}

export const empty = (text: string): VNode => h('p', { class: 'empty' }, text)
export const loading = (): VNode => h('p', { class: 'empty', 'aria-busy': 'true' }, 'Asking the node…')

/** Why something is missing, or null. */
export function problem(state: State, ...names: readonly string[]): VNode | null {
  const message = names.map((name) => state.problems.get(name)).find((text) => text !== undefined)
  return message === undefined ? null : h('p', { class: 'note bad', role: 'status' }, message)
}

/** Bytes: both ends shown, the whole in the title, and a button that copies it. */
export function hex(
  value: string,
  act: Actions,
  options: { readonly to?: string; readonly long?: boolean } = {},
): VNode {
  const shown = h('code', { title: value }, options.long ? value : short(value))
  return h(
    'span',
    { class: options.long ? 'hex long' : 'hex' },
    options.to ? h('a', { href: options.to }, shown) : shown,
    h(
      'button',
      {
        class: 'copy',
        type: 'button',
        'aria-label': `Copy ${short(value)}`,
        title: 'Copy',
        on: { click: () => act.copy(value) },
      },
      copyIcon(),
    ),
  )
}

const copyIcon = () =>
  h(
    'svg',
    { viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    h('rect', { x: 5.5, y: 5.5, width: 8, height: 8, rx: 1.8 }),
    h('path', {
      d: 'M10.5 5.5v-1.2A1.8 1.8 0 0 0 8.7 2.5H4.3a1.8 1.8 0 0 0-1.8 1.8v4.4a1.8 1.8 0 0 0 1.8 1.8h1.2',
    }),
  )

export const contractLink = (address: Hex): VNode =>
  h(
    'a',
    { class: 'mono', href: linkTo({ view: 'contract', contract: address }), title: address },
    short(address),
  )

export const senderLink = (address: Hex): VNode =>
  h('a', { class: 'mono', href: linkTo({ view: 'tasks', sender: address }), title: address }, short(address))

export const time = (at: number, now: number): VNode =>
  h('time', { datetime: isoOf(at), title: moment(at) }, age(at, now))

const isoOf = (at: number) => {
  const date = new Date(at * 1_000)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

type Stage = { readonly word: string; readonly kind: 'idle' | 'busy' | 'good' | 'warn' }

/** A task's stage in one word. */
export function stageOf(task: Task): Stage {
  if (task.committed?.status === 'valueReturned') return { word: 'value returned', kind: 'warn' }
  if (task.committed?.status === 'unopened') return { word: 'unopened', kind: 'warn' }
  if (task.committed?.status === 'skipped') return { word: 'skipped', kind: 'warn' }
  if (task.committed) return { word: 'committed', kind: 'good' }
  return task.stage === 'executing' ? { word: 'executing', kind: 'busy' } : { word: 'waiting', kind: 'idle' }
}

export const chip = (word: string, kind: string): VNode =>
  h('span', { class: `chip ${kind}` }, h('i', null), word)

export function stageChip(task: Task): VNode {
  const { word, kind } = stageOf(task)
  const ahead = !task.committed && task.ahead ? `, ${task.ahead} ahead` : ''
  return chip(word + ahead, kind)
}

export type Column<T> = { readonly name: string; readonly class?: string; readonly cell: (row: T) => Child }

/** A table that turns into cards on a phone: each cell knows the name of its column. */
export function table<T>(
  label: string,
  rows: readonly T[],
  keyOf: (row: T) => string | number,
  columns: readonly Column<T>[],
): VNode {
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      { 'aria-label': label },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map((column) => h('th', { scope: 'col', class: column.class }, column.name)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((row) =>
          h(
            'tr',
            { key: keyOf(row) },
            columns.map((column) =>
              h('td', { 'data-label': column.name, class: column.class }, h('span', null, column.cell(row))),
            ),
          ),
        ),
      ),
    ),
  )
}

export const heading = (title: Child, under?: Child): VNode =>
  h(
    'div',
    { class: 'heading' },
    h('h1', { id: 'title', tabindex: -1 }, title),
    under && h('p', { class: 'muted' }, under),
  )
