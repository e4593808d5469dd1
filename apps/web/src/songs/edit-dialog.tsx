import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import {
  MODES,
  TEMPO_RANGE,
  TITLE_LENGTH,
  TONICS,
  type MusicalKey,
  type OwnEdit,
  type Separation,
} from '../api/contract.js';
import { codeOf } from '../api/errors.js';
import { messages } from '../i18n/i18n.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorLine } from '../ui/error-line.js';
import { editedSong, editSong, songs } from './library.js';

const KEYS: readonly MusicalKey[] = MODES.flatMap((mode) => TONICS.map((tonic) => ({ tonic, mode })));

/** Asks for the user's own title, tempo and key of a song. An empty field takes the own value back. */
export function EditDialog(): JSX.Element | null {
  const song = songs.value.find(({ id }) => id === editedSong.value);
  return song === undefined ? null : <EditForm key={song.id} song={song} />;
}

function EditForm({ song: { id, fileName, own } }: { readonly song: Separation }): JSX.Element {
  const error = useSignal<unknown>(undefined);
  const text = messages.value.edit;
  const close = (): void => {
    editedSong.value = undefined;
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    editSong(id, editOf(fields)).then(close, (reason: unknown) => {
      error.value = reason;
    });
  };
  return (
    <Dialog heading={text.heading} onClose={close}>
      <form onSubmit={submit}>
        <label class="field">
          {text.title}
          <input
            name="title"
            dir="auto"
            maxLength={TITLE_LENGTH}
            defaultValue={own?.title ?? ''}
            placeholder={fileName}
          />
        </label>
        <label class="field">
          {text.tempo}
          <input
            name="tempo"
            type="number"
            step="any"
            min={TEMPO_RANGE.min}
            max={TEMPO_RANGE.max}
            defaultValue={own?.tempo === undefined ? '' : String(own.tempo)}
            placeholder={text.measured}
          />
        </label>
        <label class="field">
          {text.key}
          <select name="key" defaultValue={own?.key === undefined ? '' : nameOfKey(own.key)}>
            <option value="">{text.measured}</option>
            {KEYS.map((key) => (
              <option key={nameOfKey(key)} value={nameOfKey(key)}>
                {messages.value.facts.key(key.tonic, key.mode)}
              </option>
            ))}
          </select>
        </label>
        <p class="hint">{text.hint}</p>
        {error.value !== undefined && <ErrorLine code={codeOf(error.value)} />}
        <div class="dialog-actions">
          <button type="submit" class="primary">
            {text.save}
          </button>
          <button type="button" onClick={close}>
            {text.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function nameOfKey({ tonic, mode }: MusicalKey): string {
  return `${tonic} ${mode}`;
}

function editOf(fields: FormData): OwnEdit {
  const [title, tempo, name] = ['title', 'tempo', 'key'].map((field) => {
    const value = fields.get(field);
    return typeof value === 'string' && value.trim() !== '' ? value : null;
  });
  const key = KEYS.find((one) => nameOfKey(one) === name) ?? null;
  return { title: title ?? null, tempo: tempo === null ? null : Number(tempo), key };
}
