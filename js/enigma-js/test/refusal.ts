import { expect } from 'vitest'

/** Expects that a promise fails with this class of error, and this in its message. */
export async function refuses(
  promise: Promise<unknown>,
  // biome-ignore lint/suspicious/noExplicitAny: any constructor
  kind: abstract new (...args: any[]) => Error,
  word: string | RegExp,
): Promise<void> {
  const error = await promise.then(
    (value) => new Error(`it was believed: ${String(value)}`),
    (cause: Error) => cause,
  )
  expect(error).toBeInstanceOf(kind)
  expect(error.message).toMatch(word)
}
