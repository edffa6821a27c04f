import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { equalBytes, Secret } from './secret.js'
import { createSessionKey } from './sign.js'

const bytes = new TextEncoder().encode('a secret that nobody prints')

/** Every way in which a value commonly ends up in a log. */
function printed(value: unknown): string {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const console = new Console(stream)
  console.log(value, [value], { value })
  console.log('%s %o %O %j', value, value, value, value)
  console.dir(value, { showHidden: true, depth: 9 })
  return text + JSON.stringify({ value }) + inspect(value, { showHidden: true }) + String(Object(value))
}

test('a secret is printed by nothing', () => {
  const numbers = [...bytes].join(', ')
  for (const value of [new Secret(bytes), createSessionKey(new Secret(new Uint8Array(32).fill(7)))]) {
    const text = printed(value)
    expect(text).toContain('Secret(..)')
    for (const leak of [
      'nobody',
      numbers.slice(0, 12),
      '7, 7',
      '07070707',
      Buffer.from(bytes).toString('hex'),
    ])
      expect(text).not.toContain(leak)
  }
})

test('a secret names itself', () => {
  expect(inspect(new Secret(bytes))).toBe('Secret(..)')
  expect(`${new Secret(bytes)}`).toBe('Secret(..)')
  expect(JSON.stringify(new Secret(bytes))).toBe('"Secret(..)"')
})

test('a secret has no own properties and does not survive cloning', () => {
  const secret = new Secret(bytes)
  expect(Reflect.ownKeys(secret)).toEqual([])
  expect(structuredClone(secret)).toEqual({})
})

test('a secret is a copy, and can be wiped', () => {
  const own = Uint8Array.from(bytes)
  const secret = new Secret(own)
  own.fill(0)
  expect(secret.expose((b) => Uint8Array.from(b))).toEqual(bytes)
  secret.wipe()
  expect(secret.expose((b) => b.every((byte) => byte === 0))).toBe(true)
})

test('equality compares every byte', () => {
  for (let i = 0; i < bytes.length; i += 1) {
    const other = Uint8Array.from(bytes)
    other[i] = (other[i] as number) ^ 1
    expect(equalBytes(bytes, other)).toBe(false)
    expect(new Secret(bytes).equals(new Secret(other))).toBe(false)
  }
  expect(new Secret(bytes).equals(new Secret(Uint8Array.from(bytes)))).toBe(true)
  expect(equalBytes(bytes, bytes.subarray(1))).toBe(false)
})
