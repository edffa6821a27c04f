// One task on the page: its stages, and both sides of it.
import type { Stage } from 'enigma-js'
import { formatEther, type Hex, size } from 'viem'
import { envelopeParts } from './chain'
import { element } from './dom'

const ORDER: readonly string[] = ['submitted', 'waiting', 'executing', 'committed']

/** What is shown of one task, newest first. */
export class TaskCard {
  readonly #card: HTMLElement

  constructor(title: string, sender: string) {
    const template = element('task', HTMLTemplateElement)
    this.#card = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement
    this.#part('h3').textContent = title
    this.tell('you', 'call', title)
    this.tell('you', 'as', sender)
    // Bytes of one task are enough on a page.
    for (const older of element('tasks').querySelectorAll('details')) older.open = false
    element('tasks').prepend(this.#card)
    element('no-tasks').hidden = true
  }

  /** Marks how far the task has come. */
  stage(stage: Stage): void {
    this.#card.dataset.stage = stage
    if (stage === 'failed') return
    const reached = ORDER.indexOf(stage)
    for (const item of this.#card.querySelectorAll<HTMLElement>('.stages > li')) {
      const place = ORDER.indexOf(item.dataset.stage ?? '')
      item.classList.toggle('done', place < reached || stage === 'committed')
      if (place === reached) item.setAttribute('aria-current', 'step')
      else item.removeAttribute('aria-current')
    }
  }

  /** Ends the card with what came out. */
  outcome(text: string, failed = false): void {
    const outcome = this.#part('.outcome')
    outcome.textContent = text
    outcome.classList.toggle('bad', failed)
    if (failed) this.#card.dataset.stage = 'failed'
  }

  /** Marks a task that came to nothing as committed all the same. */
  committed(): void {
    this.stage('committed')
    this.#card.dataset.stage = 'failed'
  }

  /** Adds a line to one of the two sides. */
  tell(side: 'you' | 'chain', name: string, value: string, mono = false): void {
    this.#line(side, name).append(text(value, mono ? 'mono' : ''))
  }

  /** Adds an envelope, each part told from the others. */
  envelope(bytes: Hex): void {
    const parts = envelopeParts(bytes)
    const legend = parts.flatMap(({ name }, place) => [
      place === 0 ? ': ' : ' · ',
      text(name, `part-${place}`),
    ])
    const spans = parts.map(({ bytes }, place) => text(place === 0 ? bytes : bytes.slice(2), `part-${place}`))
    this.#bytes(['envelope, ', count(bytes), ...legend], spans)
  }

  /** Adds bytes that mean nothing to whoever reads them. */
  bytes(name: string, bytes: Hex): void {
    this.#bytes([`${name}, ${count(bytes)}`], [bytes])
  }

  #bytes(label: (string | Node)[], content: (string | Node)[]): void {
    const cell = this.#line('chain', ...label)
    cell.className = 'bytes mono'
    // It scrolls, so the keyboard must reach it.
    cell.tabIndex = 0
    cell.append(...content)
    cell.previousElementSibling?.classList.add('wide')
  }

  #line(side: 'you' | 'chain', ...name: (string | Node)[]): HTMLElement {
    const cell = document.createElement('dd')
    const label = document.createElement('dt')
    label.append(...name)
    this.#part(`.${side} dl`).append(label, cell)
    return cell
  }

  #part(selector: string): HTMLElement {
    return this.#card.querySelector(selector) as HTMLElement
  }
}

/** Wei as ether, short. */
export const ether = (wei: bigint): string => `${Number(formatEther(wei)).toPrecision(3)} ETH`

const count = (bytes: Hex): string => `${size(bytes).toLocaleString('en')} bytes`

function text(value: string, className: string): HTMLElement {
  const span = document.createElement('span')
  span.textContent = value
  if (className) span.className = className
  return span
}
