import type { JSX } from 'preact';
import { accessKey, needsAccessKey, setAccessKey } from '../api/access-key.js';
import { messages } from '../i18n/i18n.js';
import { Dialog } from '../ui/dialog.js';

const FIELD = 'key';

export function KeyDialog(): JSX.Element | null {
  if (!needsAccessKey.value) return null;
  const { heading, label, hint, wrong, enter } = messages.value.key;
  const isWrong = accessKey.value !== undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const key = new FormData(event.currentTarget as HTMLFormElement).get(FIELD);
    if (typeof key === 'string' && key.trim() !== '') setAccessKey(key.trim());
  };
  return (
    <Dialog heading={heading}>
      <form onSubmit={submit}>
        <label class="field">
          {label}
          <input type="password" name={FIELD} autocomplete="current-password" required aria-describedby="key-hint" />
        </label>
        <p id="key-hint" class={isWrong ? 'error' : 'hint'} role={isWrong ? 'alert' : undefined}>
          {isWrong ? wrong : hint}
        </p>
        <button type="submit" class="primary">
          {enter}
        </button>
      </form>
    </Dialog>
  );
}
