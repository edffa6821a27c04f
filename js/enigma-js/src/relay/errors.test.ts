// Errors of this entry point have the shape of the others, and lead to a section of the README that exists.
import { readFileSync } from 'node:fs'
import { zeroAddress } from 'viem'
import { expect, test } from 'vitest'
import { EnigmaError } from '../errors/base.js'
import { InvalidRelayedTaskError, RelayedValueError, WrongRelayerError } from './errors.js'

test.each([
  new WrongRelayerError({ relayer: zeroAddress, account: zeroAddress }),
  new InvalidRelayedTaskError({ why: 'it expired' }),
  new RelayedValueError({ value: 2n, maxValue: 1n }),
])('$name says what to do', (error) => {
  expect(error).toBeInstanceOf(EnigmaError)
  expect(error.name).toBe(error.constructor.name)
  expect(error.metaMessages?.join(' ')).toMatch(/Nothing was sent/)
  expect(error.docsPath).toBe('js/enigma-js/README.md#relayed-tasks')
  expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain('\n## Relayed tasks\n')
})
