let clicked: Element | undefined;

/** Notes which control has the focus because of a click. */
export function trackPointerFocus(): void {
  document.addEventListener('click', ({ detail, target }) => {
    // pressing a key on a button also clicks it, with a detail of 0
    const isPointer = detail > 0 && target instanceof Element;
    clicked = isPointer ? (target.closest('button, a, summary') ?? undefined) : undefined;
  });
  document.addEventListener('focusin', () => {
    clicked = undefined;
  });
}

/** Whether an element has the focus because it was clicked, and not because of the keyboard. */
export function hasPointerFocus(element: EventTarget | null): boolean {
  return element !== null && element === clicked;
}
