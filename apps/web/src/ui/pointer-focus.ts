let clicked: Element | undefined;

/** A button that was clicked keeps the focus until another control gets it. @returns what ends the watching */
export function watchClicks(): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  document.addEventListener(
    'click',
    ({ detail, target }) => {
      // a press of a key is a click too, but counts none
      clicked =
        detail > 0 && target instanceof Element ? (target.closest('button, a, summary') ?? undefined) : undefined;
    },
    { signal },
  );
  document.addEventListener(
    'focusin',
    () => {
      clicked = undefined;
    },
    { signal },
  );
  return () => {
    ended.abort();
  };
}

/** Whether it has the focus because it was clicked, and not because somebody came to it by keyboard. */
export function isClicked(element: EventTarget | null): boolean {
  return element !== null && element === clicked;
}
