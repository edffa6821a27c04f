import { BaseError } from 'viem'
import deployment from '../deployment.json'
import { connect, type Deployment, localAccount } from './guestbook'

const find = <T extends HTMLElement>(id: string): T => {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element as T
}
const picker = find<HTMLSelectElement>('account')
const text = find<HTMLInputElement>('text')
const buttons = [...document.querySelectorAll('button')]

const books = ['the owner', 'guest 1', 'guest 2', 'guest 3'].map((name, index) => {
  const account = localAccount(index)
  picker.add(new Option(`${name} (${account.address.slice(0, 8)}…)`, String(index)))
  return connect(deployment as Deployment, account)
})
picker.value = '1'

const say = (stage: string, result = '') => {
  find('stage').textContent = stage
  find('result').textContent = result
}

/** Runs what a button does, and tells how it ended. */
async function run(action: (book: (typeof books)[number]) => Promise<string>) {
  const book = books[Number(picker.value)]
  if (!book) return
  for (const button of buttons) button.disabled = true
  say('…')
  try {
    const result = await action(book)
    find('count').textContent = String(await book.count())
    say('done', result)
  } catch (error) {
    say('failed', error instanceof BaseError ? error.shortMessage : String(error))
  } finally {
    for (const button of buttons) button.disabled = false
  }
}

find<HTMLFormElement>('sign').addEventListener('submit', (event) => {
  event.preventDefault()
  run(async (book) => {
    const number = await book.sign(text.value, (stage) => say(stage))
    text.value = ''
    return `You are number ${number}.`
  })
})
find('mine').addEventListener('click', () => run(async (book) => (await book.mine()) || 'You have not signed yet.'))
find('all').addEventListener('click', () =>
  run(async (book) => {
    const entries = await book.all()
    return entries.map(({ author, text }) => `${author.slice(0, 8)}…  ${text}`).join('\n') || 'Nobody has signed yet.'
  }),
)

run(async () => '')
