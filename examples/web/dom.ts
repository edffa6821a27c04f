// Elements of index.html by id.

type Kind<T> = abstract new () => T

/** The element with this id; throws if the page has none of that kind. */
export function element(id: string): HTMLElement
export function element<T extends HTMLElement>(id: string, kind: Kind<T>): T
export function element(id: string, kind: Kind<HTMLElement> = HTMLElement): HTMLElement {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`)
  return found
}

/** Says something where the page has room for it; `bad` if it went wrong. */
export function tell(id: string, text: string, bad = false): void {
  const place = element(id)
  place.textContent = text
  place.classList.toggle('bad', bad)
  place.classList.remove('pending')
}

/** Says that something is under way, until `tell` says what came of it. */
export function tellPending(id: string): void {
  tell(id, 'Working…')
  element(id).classList.add('pending')
}

/** Runs `action` when a form is sent or a button is clicked; the button rests until it is done. */
export function onAction(id: string, action: () => Promise<void>, failed: (error: unknown) => void): void {
  const target = element(id)
  const button = target instanceof HTMLFormElement ? target.querySelector('button') : target
  target.addEventListener(target instanceof HTMLFormElement ? 'submit' : 'click', (event) => {
    event.preventDefault()
    button?.setAttribute('disabled', '')
    action()
      .catch(failed)
      .finally(() => button?.removeAttribute('disabled'))
  })
}
