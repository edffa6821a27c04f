import { TaskRevertedError } from 'enigma-js'
import { describe, expect, inject, it } from 'vitest'
import { connect, type Deployment, localAccount } from '../src/guestbook'

declare module 'vitest' {
  interface ProvidedContext {
    deployment: Deployment
  }
}

const book = (account: number) => connect(inject('deployment'), localAccount(account))
const [owner, alice, bob] = [book(0), book(1), book(2)]

describe('the guestbook', () => {
  it('gives each guest a number, and tells the stages', async () => {
    const stages: string[] = []
    expect(await alice.sign('It rained.', (stage) => stages.push(stage))).toBe(1n)
    expect(stages.at(-1)).toBe('committed')
    expect(await bob.sign('It did not.')).toBe(2n)
    expect(await bob.count()).toBe(2n)
  })

  it('shows guests their own entry alone', async () => {
    expect(await alice.mine()).toBe('It rained.')
    expect(await bob.mine()).toBe('It did not.')
    await expect(alice.all()).rejects.toThrow('OnlyTheOwner()')
  })

  it('shows its owner everything', async () => {
    const entries = await owner.all()
    expect(entries.map(({ text }) => text)).toEqual(['It rained.', 'It did not.'])
    expect(entries[0]?.author).toBe(localAccount(1).address)
  })

  it('refuses a second entry, and its sender learns why', async () => {
    const error = await alice.sign('Again!').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TaskRevertedError)
    expect((error as TaskRevertedError).errorName).toBe('SignedAlready')
    expect(await alice.count()).toBe(2n)
  })
})
