import { bls12_381 } from '@noble/curves/bls12-381.js'
import { type Address, bytesToHex, type Hex } from 'viem'
import { expect, test } from 'vitest'
import { MalformedBytesError } from './errors.js'
import { createSession, Sessions } from './session.js'

const network: Hex = `0x${'11'.repeat(32)}`
const contract: Address = `0x${'22'.repeat(20)}`
const account: Address = `0x${'Ab'.repeat(20)}`
const publicKey = bytesToHex(bls12_381.G2.Point.BASE.multiply(7n).toBytes(true))
const sessions = (limit?: number) =>
  new Sessions(limit === undefined ? { network, publicKey } : { network, publicKey, limit })

test('a session is made once, whatever the case of its addresses', () => {
  const kept = sessions()
  const one = kept.get({ contract, epoch: 3, purpose: 'input', account })
  expect(kept.get({ contract, epoch: 3n, purpose: 'input', account: account.toLowerCase() as Address })).toBe(
    one,
  )
  expect(one.epoch).toBe(3n)
})

test('what would link envelopes has a session of its own', () => {
  const kept = sessions()
  const base = { contract, epoch: 3, purpose: 'input', account } as const
  const all = [
    kept.get(base),
    kept.get({ ...base, purpose: 'query' }),
    kept.get({ ...base, purpose: 'query', account: undefined }),
    kept.get({ ...base, account: contract }),
    kept.get({ ...base, epoch: 4 }),
    kept.get({ ...base, contract: account }),
  ]
  expect(new Set(all.map((s) => bytesToHex(s.u))).size).toBe(all.length)
})

test('only the sessions used last are kept', () => {
  const kept = sessions(2)
  const get = (epoch: number) => kept.get({ contract, epoch, purpose: 'input', account })
  const [one, two] = [get(1), get(2)]
  expect(get(1)).toBe(one)
  get(3)
  expect(get(1)).toBe(one)
  expect(get(2)).not.toBe(two)
})

test('two sessions never share a secret', () => {
  const made = [0, 1].map(() => createSession({ network, publicKey, contract, epoch: 1 }))
  expect(made[0]?.u).not.toEqual(made[1]?.u)
  expect(made[0]?.key.equals(made[1]?.key as never)).toBe(false)
})

test('a network key that is none is refused', () => {
  for (const key of ['0x', `0x${'00'.repeat(96)}`, `0xc0${'00'.repeat(95)}`, `0x${'ff'.repeat(96)}`] as const)
    expect(() => createSession({ network, publicKey: key, contract, epoch: 1 })).toThrow(MalformedBytesError)
})
