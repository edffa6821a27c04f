import { expect, test } from 'vitest'
import { ALICE, BOB, ENIGMA, fake, SECRET } from '../../test/provider/fake.js'

test('what does not concern secret contracts passes unchanged, parameters and errors too', async () => {
  const { provider, wallet } = fake()
  wallet.answers.wallet_getPermissions = () => ['all']
  expect(await provider.request({ method: 'wallet_getPermissions' })).toEqual(['all'])
  expect(wallet.requests.at(-1)).toEqual({ method: 'wallet_getPermissions', params: undefined })
  const refusal = Object.assign(new Error('no'), { code: 4001 })
  wallet.answers.personal_sign = () => {
    throw refusal
  }
  await expect(provider.request({ method: 'personal_sign', params: ['0x00', ALICE] })).rejects.toBe(refusal)
})

test('events pass through, and stop when their listener is removed', () => {
  const { provider, wallet } = fake()
  const seen: unknown[] = []
  const listener = (event: unknown) => seen.push(event)
  provider.on('accountsChanged', listener).on('message', listener)
  wallet.emit('accountsChanged', [BOB])
  wallet.emit('message', 'heads')
  provider.removeListener('accountsChanged', listener).removeListener('message', listener)
  wallet.emit('accountsChanged', [ALICE])
  wallet.emit('message', 'heads')
  expect(seen).toEqual([[BOB], 'heads'])
})

test('a change of account drops what was kept for the old one', async () => {
  const { ask, backend, wallet } = fake()
  await ask('eth_call', { from: ALICE, to: SECRET, data: '0x' })
  wallet.emit('accountsChanged', [ALICE])
  expect(backend.forgotten).toEqual([])
  wallet.emit('accountsChanged', [BOB, ALICE])
  expect(backend.forgotten).toEqual([ALICE])
  wallet.emit('accountsChanged', [])
  expect(backend.forgotten).toEqual([ALICE])
})

test('a change of account ends what depends on what the old one sent', async () => {
  const { ask, backend, wallet } = fake()
  await ask('eth_sendTransaction', { from: ALICE, to: SECRET, data: '0xa9059cbb' })
  wallet.mine(backend.hash)
  wallet.accounts = [BOB]
  wallet.emit('accountsChanged', [BOB])
  expect(await ask('eth_getTransactionByHash', backend.hash)).toMatchObject({
    to: ENIGMA,
    input: '0xe47e109e',
  })
  const asked: string[] = []
  backend.logs = async ({ account }) => {
    asked.push(account)
    return []
  }
  await ask('eth_getLogs', { address: SECRET })
  expect(asked).toEqual([BOB])
})

test('a wallet without events is asked for its chain each time', async () => {
  const { ask, backend, wallet } = fake()
  Object.assign(wallet, { on: undefined })
  await ask('eth_call', { to: SECRET, data: '0x' })
  wallet.chainId = 1
  await expect(ask('eth_call', { to: SECRET, data: '0x' })).rejects.toMatchObject({ code: 4901 })
  expect(backend.queries).toHaveLength(1)
})
