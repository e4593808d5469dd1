import { useSignal } from '@preact/signals';
import type { Format, Separation } from '@app/separations';
import type { ComponentChildren, JSX } from 'preact';
import type { Player } from '../../audio/player.js';
import { archivePath, stemPath } from '../../api/client.js';
import { codeOf } from '../../api/errors.js';
import { FORMATS } from '../../songs/upload-options.js';
import { announce } from '../../ui/live-region.js';
import { ErrorLine } from '../../ui/error-line.js';
import { Icon } from '../../ui/icons.js';
import { explain, stemName, words } from '../../i18n/i18n.js';
import { fetchAndSave, needsFetch } from './save-file.js';
import { MixDownload } from './mix-download.js';
import { lanesOf } from '../create-player.js';

interface TakeAwayProps {
  readonly song: Separation;
  readonly player: Player;
}

export function TakeAway({ song, player }: TakeAwayProps): JSX.Element {
  const format = useSignal<Format>('flac');
  const error = useSignal<unknown>(undefined);
  const { heading, all, format: formatLabel, failed } = words.value.take;
  const onError = (reason: unknown): void => {
    error.value = reason;
  };
  return (
    <section class="take" aria-label={heading}>
      <h4>{heading}</h4>
      <div class="take-row">
        <label class="take-format">
          {formatLabel}
          <select
            value={format.value}
            onChange={({ currentTarget }) => {
              format.value = FORMATS.find((one) => one === currentTarget.value) ?? 'flac';
            }}
          >
            {FORMATS.map((one) => (
              <option key={one} value={one}>
                {one.toUpperCase()}
              </option>
            ))}
          </select>
        </label>
        <MixDownload song={song} player={player} format={format.value} onError={onError} />
        <CopyLink id={song.id} />
      </div>
      <div class="take-row">
        <FileLink path={archivePath(song.id, format.value)} onError={onError}>
          {all}
        </FileLink>
        {lanesOf(song).map((stem) => (
          <FileLink key={stem} path={stemPath(song.id, stem, format.value)} onError={onError}>
            {stemName(stem)}
          </FileLink>
        ))}
      </div>
      {error.value !== undefined && (
        <ErrorLine text={`${failed} ${explain(codeOf(error.value))}`} code={codeOf(error.value)} />
      )}
    </section>
  );
}

interface FileLinkProps {
  readonly path: string;
  readonly onError: (reason: unknown) => void;
  readonly children: ComponentChildren;
}

function FileLink({ path, onError, children }: FileLinkProps): JSX.Element {
  return (
    <a
      class="button"
      href={path}
      download
      onClick={(event) => {
        if (!needsFetch()) return;
        event.preventDefault();
        fetchAndSave(path).catch(onError);
      }}
    >
      <Icon name="down" />
      {children}
    </a>
  );
}

function CopyLink({ id }: { readonly id: string }): JSX.Element {
  const { link, copied, copyFailed } = words.value.take;
  const text = useSignal<string | undefined>(undefined);
  const copy = async (): Promise<void> => {
    const url = new URL(`/#${id}`, location.href).href;
    // refused without a secure context
    const isCopied = await (navigator.clipboard as Clipboard | undefined)?.writeText(url).then(
      () => true,
      () => false,
    );
    text.value = isCopied === true ? copied : copyFailed;
    announce(text.value);
  };
  return (
    <button type="button" onClick={() => void copy()}>
      <Icon name="link" />
      {text.value ?? link}
    </button>
  );
}
