import type { JSX } from 'preact';
import { isRetryable } from '../../api/errors.js';
import { messages } from '../../i18n/i18n.js';
import { formatBytes } from '../../i18n/units.js';
import { ErrorLine } from '../../ui/error-line.js';
import { Icon } from '../../ui/icons.js';
import { ProgressBar } from '../../ui/progress-bar.js';
import { showSong } from '../library.js';
import { removeUpload, retryUpload, type Upload, type UploadState } from './uploads.js';

export function UploadCard({ upload }: { readonly upload: Upload }): JSX.Element {
  const { key, file, state } = upload;
  const { cancel, dismiss, known, show } = messages.value.upload;
  const { nameOf, retry } = messages.value.song;
  const isRefused = state.step === 'refused';
  const hasEnded = isRefused || state.step === 'known';
  return (
    <li class="card">
      <div class="card-head">
        <div class="card-title">
          <h3 dir="auto" title={file.name}>
            {file.name}
          </h3>
          <p class="card-facts">{formatBytes(file.size)}</p>
        </div>
        <div class="card-actions">
          {state.step === 'known' && (
            <button
              type="button"
              aria-label={nameOf(show, file.name)}
              onClick={() => {
                showSong(state.id);
                removeUpload(key);
              }}
            >
              {show}
            </button>
          )}
          {isRefused && isRetryable(state.code) && (
            <button
              type="button"
              onClick={() => {
                retryUpload(key);
              }}
            >
              <Icon name="retry" />
              {retry}
            </button>
          )}
          <button
            type="button"
            class="quiet round"
            aria-label={nameOf(hasEnded ? dismiss : cancel, file.name)}
            onClick={() => {
              removeUpload(key);
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      </div>
      {state.step === 'refused' ? (
        <ErrorLine code={state.code} />
      ) : state.step === 'known' ? (
        <p class="card-state" role="status">
          {known}
        </p>
      ) : (
        <>
          <ProgressBar
            label={file.name}
            percent={state.step === 'sending' ? state.percent : state.step === 'waiting' ? 0 : undefined}
          />
          <p class="card-state">{stateText(state)}</p>
        </>
      )}
    </li>
  );
}

function stateText(state: Exclude<UploadState, { readonly step: 'refused' | 'known' }>): string {
  const { percent, upload } = messages.value;
  if (state.step !== 'sending') return upload[state.step];
  const { bytesPerSecond } = state;
  if (bytesPerSecond === undefined) return upload.sending(percent(state.percent));
  return upload.sendingAt(percent(state.percent), `${formatBytes(bytesPerSecond)}/s`);
}
