import { expect, test } from 'vitest'
import { linkTo, parseRoute, type Route } from './route'

const A = `0x${'ab'.repeat(20)}` as const
const B = `0x${'cd'.repeat(20)}` as const

test('every route is its link, read again', () => {
  const routes: readonly Route[] = [
    { view: 'overview' },
    { view: 'topology' },
    { view: 'contracts' },
    { view: 'workers' },
    { view: 'unlock' },
    { view: 'epochs', contract: undefined },
    { view: 'epochs', contract: A },
    { view: 'tasks', contract: A, sender: B },
    { view: 'tasks', contract: undefined, sender: B },
    { view: 'task', contract: A, index: 12 },
    { view: 'contract', contract: A },
  ]
  for (const route of routes) expect(parseRoute(linkTo(route))).toEqual(route)
})

test('what is no address is no part of a route', () => {
  expect(parseRoute('#/tasks?sender=<script>')).toEqual({
    view: 'tasks',
    contract: undefined,
    sender: undefined,
  })
  for (const hash of [
    '#/task/0x12/3',
    `#/task/${A}/-1`,
    `#/task/${A}`,
    `#/task/${A}/1/2`,
    '#/contract/me',
    '#/else',
    '#/workers/1',
  ])
    expect(parseRoute(hash).view, hash).toBe('nowhere')
})

test('addresses are read in lower case', () => {
  expect(parseRoute(`#/contract/${A.toUpperCase().replace('0X', '0x')}`)).toEqual({
    view: 'contract',
    contract: A,
  })
})
