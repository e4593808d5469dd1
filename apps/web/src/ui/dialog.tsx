import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface DialogProps {
  readonly heading: string;
  /** absent where the page is of no use before the dialog is answered */
  readonly onClose?: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog; the browser traps the focus in it and restores it afterward. */
export function Dialog({ heading, onClose, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // a browser closes any dialog at the second Escape
    const reopen = (): void => element?.showModal();
    if (onClose === undefined) element?.addEventListener('close', reopen);
    return () => {
      element?.removeEventListener('close', reopen);
      element?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-heading" onCancel={onClose ?? refuse}>
      <h2 id="dialog-heading">{heading}</h2>
      {children}
    </dialog>
  );
}

function refuse(event: Event): void {
  event.preventDefault();
}
