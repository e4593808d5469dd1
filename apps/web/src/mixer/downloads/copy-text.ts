/** Deprecated, but the only way to copy on a page that is not secure. */
interface CopyCommand {
  execCommand(command: 'copy'): boolean;
}

/** Copies a text to the clipboard. Call it from a click. @returns whether the browser did it */
export async function copyText(text: string): Promise<boolean> {
  // browsers have this object in secure contexts only
  const clipboard = navigator.clipboard as Clipboard | undefined;
  try {
    if (clipboard === undefined) return copySelection(text);
    await clipboard.writeText(text);
    return true;
  } catch {
    // some browsers deny this one only
    return copySelection(text);
  }
}

function copySelection(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.className = 'visually-hidden';
  field.readOnly = true;
  field.value = text;
  document.body.append(field);
  field.focus({ preventScroll: true });
  field.select();
  try {
    return (document as CopyCommand).execCommand('copy');
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
