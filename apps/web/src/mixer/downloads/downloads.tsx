import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { archivePath, taggedStemPath } from '../../api/client.js';
import { FORMATS, type Format, type SeparationId } from '../../api/contract.js';
import { codeOf } from '../../api/errors.js';
import { isChanged, UNCHANGED } from '../../audio/mixing/voice.js';
import type { Player } from '../../audio/player.js';
import { changeOf } from '../../audio/speed-and-pitch.js';
import { messages, stemName } from '../../i18n/i18n.js';
import { ErrorLine } from '../../ui/error-line.js';
import { Icon } from '../../ui/icons.js';
import { announce } from '../../ui/live-region.js';
import { copyText } from './copy-text.js';
import { MixDownload } from './mix-download.js';
import { dragStem } from './drag-stem.js';
import { fetchAndSave, needsFetch } from './save-file.js';

interface DownloadsProps {
  readonly id: SeparationId;
  /** what the song is called */
  readonly name: string;
  readonly stems: readonly string[];
  readonly player: Player;
}

export function Downloads({ id, name, stems, player }: DownloadsProps): JSX.Element {
  const format = useSignal<Format>('flac');
  const error = useSignal<unknown>(undefined);
  const change = changeOf(player.speedAndPitch.values.value);
  const { heading, all, format: formatLabel, failed } = messages.value.downloads;
  const onError = (reason: unknown): void => {
    error.value = reason;
  };
  return (
    <section class="downloads" aria-label={heading}>
      <h4 class="visually-hidden">{heading}</h4>
      <div class="downloads-row">
        <label class="downloads-format">
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
        {[UNCHANGED, ...(isChanged(change) ? [change] : [])].map((one, index) => (
          <MixDownload
            key={index}
            id={id}
            stems={stems}
            player={player}
            format={format.value}
            change={one}
            onError={onError}
          />
        ))}
        <CopyLink id={id} />
      </div>
      <div class="downloads-row">
        <FileLink path={archivePath(id, format.value)} onError={onError}>
          {all}
        </FileLink>
        {stems.map((stem) => (
          <FileLink
            key={stem}
            path={taggedStemPath(id, stem, format.value)}
            onError={onError}
            onDrag={(event) => {
              dragStem(event, id, name, stem, format.value);
            }}
          >
            {stemName(stem)}
          </FileLink>
        ))}
      </div>
      {error.value !== undefined && <ErrorLine intro={failed} code={codeOf(error.value)} />}
    </section>
  );
}

interface FileLinkProps {
  readonly path: string;
  readonly onError: (reason: unknown) => void;
  readonly onDrag?: (event: DragEvent) => void;
  readonly children: ComponentChildren;
}

function FileLink({ path, onError, onDrag, children }: FileLinkProps): JSX.Element {
  return (
    <a
      class="button"
      href={path}
      download
      onDragStart={onDrag}
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

function CopyLink({ id }: { readonly id: SeparationId }): JSX.Element {
  const { link, copied, copyFailed } = messages.value.downloads;
  const result = useSignal<string | undefined>(undefined);
  const copy = async (): Promise<void> => {
    const url = new URL(`/#${id}`, location.href).href;
    result.value = (await copyText(url)) ? copied : copyFailed;
    announce(result.value);
  };
  return (
    <button type="button" onClick={() => void copy()}>
      <Icon name="link" />
      {result.value ?? link}
    </button>
  );
}
