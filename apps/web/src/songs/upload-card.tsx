import type { JSX } from 'preact';
import { MAX_UPLOAD_BYTES } from '../api/limits.js';
import { dropUpload, sendAgain, type Upload } from './uploads.js';
import { bytes, bytesPerSecond } from '../i18n/units.js';
import { explain, words } from '../i18n/i18n.js';
import { ErrorLine } from '../ui/error-line.js';
import { Icon } from '../ui/icons.js';
import { ProgressBar } from '../ui/progress-bar.js';

/** refusals that the same file would meet again */
const FINAL = ['too_big', 'file_too_large', 'empty_file', 'not_audio', 'no_audio', 'duration_limit', 'no_samples'];

export function UploadCard({ upload }: { readonly upload: Upload }): JSX.Element {
  const { key, file, state } = upload;
  const { waiting, sending, checking, cancel, dismiss, again } = words.value.upload;
  const nameOf = words.value.song.nameOf;
  const isRefused = state.step === 'refused';
  return (
    <li class="card">
      <div class="card-head">
        <div class="card-title">
          <h3>{file.name}</h3>
          <p class="card-facts">{bytes(file.size)}</p>
        </div>
        <div class="card-actions">
          {isRefused && !FINAL.includes(state.code) && (
            <button
              type="button"
              onClick={() => {
                sendAgain(key);
              }}
            >
              <Icon name="retry" />
              {again}
            </button>
          )}
          <button
            type="button"
            class="quiet round"
            aria-label={nameOf(isRefused ? dismiss : cancel, file.name)}
            onClick={() => {
              dropUpload(key);
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      </div>
      {isRefused ? (
        <ErrorLine text={explain(state.code, bytes(MAX_UPLOAD_BYTES))} code={state.code} />
      ) : (
        <>
          <ProgressBar
            label={file.name}
            percent={state.step === 'sending' ? state.percent : state.step === 'waiting' ? 0 : undefined}
          />
          <p class="card-state">
            {state.step === 'waiting' && waiting}
            {state.step === 'checking' && checking}
            {state.step === 'sending' &&
              sending(state.percent, state.bytesPerSecond === undefined ? '' : bytesPerSecond(state.bytesPerSecond))}
          </p>
        </>
      )}
    </li>
  );
}
