import { expect, test, vi } from 'vitest'
import { Refusals } from './refusals.js'

const no = () => Promise.reject(Object.assign(new Error('signing failed'), { cause: { code: 4001 } }))

test('a refusal stands for its time, for what was refused', async () => {
  vi.useFakeTimers()
  try {
    const refusals = new Refusals(1_000)
    const yes = vi.fn(async () => 'read')
    await expect(refusals.unlessRefused('a', no)).rejects.toThrow('signing failed')
    await expect(refusals.unlessRefused('a', yes)).rejects.toThrow('signing failed')
    expect(yes).not.toHaveBeenCalled()
    expect(await refusals.unlessRefused('b', yes)).toBe('read')
    vi.advanceTimersByTime(1_000)
    expect(await refusals.unlessRefused('a', yes)).toBe('read')
  } finally {
    vi.useRealTimers()
  }
})

test('other failures are tried again at once', async () => {
  const refusals = new Refusals(1_000)
  await expect(refusals.unlessRefused('a', () => Promise.reject(new Error('offline')))).rejects.toThrow(
    'offline',
  )
  expect(await refusals.unlessRefused('a', async () => 'read')).toBe('read')
})
