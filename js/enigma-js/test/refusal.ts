import { expect } from 'vitest'

/** Expects that a promise fails with this class of error, and this in its message. */
export async function refuses(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => Error,
  word: string | RegExp,
): Promise<void> {
  const error = await promise.then(
    (value) => new Error(`it was believed: ${String(value)}`),
    (cause: Error) => cause,
  )
  expect(error).toBeInstanceOf(kind)
  expect(error.message).toMatch(word)
}
