import { useSignal } from '@preact/signals';
import type { Format, Separation } from '@app/separations';
import type { ComponentChildren, JSX } from 'preact';
import { laneLevels } from '../audio/levels.js';
import type { Player } from '../audio/player.js';
import { renderMix } from '../audio/render-mix.js';
import { SAMPLE_RATE } from '../audio/stem-source.js';
import { archivePath, stemPath } from '../api/client.js';
import { codeOf } from '../api/problem.js';
import { FORMATS } from '../songs/choices.js';
import { announce } from '../ui/announcer.js';
import { ErrorLine } from '../ui/error-line.js';
import { Icon } from '../ui/icons.js';
import { stemName, words } from '../words/words.js';
import { fetchAndSave, needsFetch, save } from './download.js';
import { lanesOf, openStems } from './open-player.js';

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
        <MixDownload song={song} player={player} onError={onError} />
        <CopyLink id={song.id} />
      </div>
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
        <FileLink path={archivePath(song.id, format.value)} onError={onError}>
          {all}
        </FileLink>
        {lanesOf(song).map((stem) => (
          <FileLink key={stem} path={stemPath(song.id, stem, format.value)} onError={onError}>
            {stemName(stem)}
          </FileLink>
        ))}
      </div>
      {error.value !== undefined && <ErrorLine text={failed} code={codeOf(error.value)} />}
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

function MixDownload({ song, player, onError }: TakeAwayProps & Pick<FileLinkProps, 'onError'>): JSX.Element {
  const { mix, mixHint, rendering, clipped, silent } = words.value.take;
  const percent = useSignal<number | undefined>(undefined);
  const isLoud = useSignal(false);
  const levels = laneLevels(player.lanes.value);
  const isSilent = levels.every(({ left, right }) => left === 0 && right === 0);
  const render = async (): Promise<void> => {
    percent.value = 0;
    try {
      const context = new OfflineAudioContext(2, 1, SAMPLE_RATE);
      const { signal } = new AbortController();
      const rendered = await renderMix(await openStems(song, context, signal), levels, {
        signal,
        onProgress: (share) => {
          percent.value = Math.floor(share * 100);
        },
      });
      isLoud.value = rendered.clipped > 0;
      save(rendered.file, `${song.fileName.replace(/(?<=.)\.[^.]{1,8}$/u, '')} (mix).wav`);
    } catch (reason) {
      onError(reason);
    } finally {
      percent.value = undefined;
    }
  };
  return (
    <>
      <button
        type="button"
        class="primary"
        disabled={isSilent || percent.value !== undefined}
        title={isSilent ? silent : mixHint}
        onClick={() => void render()}
      >
        <Icon name="down" />
        {percent.value === undefined ? `${mix} (WAV)` : rendering(percent.value)}
      </button>
      {isLoud.value && (
        <p class="hint" role="status">
          {clipped}
        </p>
      )}
    </>
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
