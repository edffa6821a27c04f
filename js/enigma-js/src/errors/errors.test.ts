// All errors have the shape of viem's, and lead to a section of the README that exists.
import { readFileSync } from 'node:fs'
import { BaseError } from 'viem'
import { expect, test } from 'vitest'
import * as errors from './index.js'

const contract = '0x00000000000000000000000000000000000000aa'
const hash = `0x${'5'.repeat(64)}` as const
const task = { contract, index: 3n, hash } as const
const cause = new Error('what the layer below said')
const reason = { text: 'TooMuch(5, 3)', errorName: 'TooMuch', args: [5n, 3n], data: '0x12' } as const

const all: errors.EnigmaError[] = [
  new errors.NetworkNotPinnedError({ url: 'http://127.0.0.1' }),
  new errors.SimulatedNetworkError({ network: hash }),
  new errors.InvalidNetworkError({ field: 'chainId', expected: 'a number' }),
  new errors.WrongNetworkError({ expected: 'a', found: 'b', where: 'there', cause }),
  new errors.WrongPublicKeyError({ expected: hash, found: hash }),
  new errors.QueryRefusedError({ code: 8, cause }),
  new errors.QueryRefusedError({ code: 99, details: 'more' }),
  new errors.NodesUnreachableError({ nodes: [] }),
  new errors.NodesUnreachableError({ nodes: ['http://127.0.0.1'], cause }),
  new errors.UnknownContractError({ contract }),
  new errors.TaskRevertedError({ task, reason }),
  new errors.TaskHaltedError({ task, code: 1 }),
  new errors.TaskHaltedError({ task: { contract }, code: 99 }),
  new errors.TaskExpiredError({ task }),
  new errors.TaskTooLargeError({ task }),
  new errors.TaskUnauthorisedError({ task, data: '0x01' }),
  new errors.TaskUnopenedError({ task }),
  new errors.TaskSkippedError({ task, refund: 5n }),
  new errors.TaskTimeoutError({ hash, stage: 'waiting', timeout: 5 }),
  new errors.TransactionRevertedError({ hash }),
  new errors.NoTaskError({ what: 'It' }),
  new errors.NotYoursError({ task, sender: contract }),
  new errors.AbortedError({ what: 'The wait', cause }),
  new errors.AccountMissingError({ what: 'Deploying' }),
  new errors.RefusedByContractError({ errorName: 'TooManyPending', args: [], cause }),
  new errors.ProofError({ what: 'it', block: 5n, cause }),
  new errors.ForeignContractError({ expected: contract, found: contract, why: 'So.' }),
  new errors.StaleStateError({ what: 'It', why: 'So.' }),
  new errors.ForgedReplyError({ what: 'It', why: 'So.', cause }),
  new errors.ForgedInputError({ contract, index: 1n, why: 'So.' }),
  new errors.DroppedTaskError({ hash, why: 'So.' }),
]

/** The anchors of the README's headings, as GitHub makes them. */
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(
  ([, heading = '']) =>
    `#${heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')}`,
)

test('no error was forgotten here', () => {
  const classes = Object.values(errors).filter(
    (value) => typeof value === 'function' && value.prototype instanceof errors.EnigmaError,
  )
  expect(new Set(all.map((error) => error.constructor))).toEqual(new Set(classes))
})

test.each(all.map((error) => [error.name, error] as const))('%s', (name, error) => {
  expect(error).toBeInstanceOf(BaseError)
  expect(error.name).toBe(error.constructor.name)
  expect(error.name).toBe(name)
  expect(error.shortMessage).toMatch(/\S/)
  expect(error.message.startsWith(error.shortMessage)).toBe(true)
  // What to do stands in every one.
  expect(error.message.split('\n').length).toBeGreaterThan(1)
  expect(error.walk((inner) => inner instanceof errors.EnigmaError)).toBe(error)
  if (error.cause) {
    expect(error.walk()).toBe(cause)
    expect(error.details).toBe(cause.message)
  }
  if (error instanceof errors.AbortedError) return
  const [page, anchor] = (error.docsPath ?? '').split('#')
  expect(page).toBe('js/enigma-js/README.md')
  expect(anchors).toContain(`#${anchor}`)
  expect(error.message).toContain(`Docs: ${error.docsPath}`)
})

test('whether a task ended, or could not be followed', () => {
  const ends = all.filter(errors.isTaskFailure).map(({ name }) => name)
  expect(new Set(ends)).toEqual(
    new Set([
      'TaskRevertedError',
      'TaskHaltedError',
      'TaskExpiredError',
      'TaskTooLargeError',
      'TaskUnauthorisedError',
      'TaskUnopenedError',
      'TaskSkippedError',
      'UnknownContractError',
    ]),
  )
})
