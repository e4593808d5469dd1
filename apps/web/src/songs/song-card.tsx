import { signal } from '@preact/signals';
import type { Separation } from '@app/separations';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { codeOf } from '../api/errors.js';
import { MixerView } from '../mixer/mixer-view.js';
import { cancelSong, isOver, openSong, removeSong } from './library.js';
import { separateAgain } from './uploads.js';
import { clock, span } from '../i18n/units.js';
import { explain, stemName, words } from '../i18n/i18n.js';
import { announce } from '../ui/live-region.js';
import { ErrorLine } from '../ui/error-line.js';
import { Icon } from '../ui/icons.js';
import { ProgressBar } from '../ui/progress-bar.js';

/** why the last action on a song did not work, by its id */
const refusals = signal<ReadonlyMap<string, string>>(new Map());

export function SongCard({ song }: { readonly song: Separation }): JSX.Element {
  useAnnouncedEnd(song);
  const isOpen = openSong.value === song.id && song.status === 'completed';
  const refusal = refusals.value.get(song.id);
  return (
    <li class={isOpen ? 'card card-open' : 'card'}>
      <div class="card-head">
        <Title song={song} isOpen={isOpen} />
        <Actions song={song} />
      </div>
      {!isOver(song.status) && (
        <>
          <ProgressBar label={song.fileName} percent={song.status === 'queued' ? 0 : song.progress.percent} />
          <p class="card-state">{stateOf(song)}</p>
        </>
      )}
      {song.status === 'cancelled' && <p class="card-state">{words.value.song.cancelled}</p>}
      {song.error !== undefined && (
        <ErrorLine text={`${words.value.song.failed}. ${explain(song.error.code)}`} code={song.error.code} />
      )}
      {refusal !== undefined && <ErrorLine text={explain(refusal)} code={refusal} />}
      {isOpen && <MixerView song={song} />}
    </li>
  );
}

function Title({ song, isOpen }: { readonly song: Separation; readonly isOpen: boolean }): JSX.Element {
  const { open, close } = words.value.song;
  const facts = [
    song.durationSeconds === undefined ? '' : clock(song.durationSeconds),
    song.stems.map((stem) => stemName(stem)).join(', '),
    song.model,
  ];
  const text = (
    <>
      <h3>{song.fileName}</h3>
      <p class="card-facts">{facts.filter((fact) => fact !== '').join(' · ')}</p>
    </>
  );
  if (song.status !== 'completed') return <div class="card-title">{text}</div>;
  return (
    <div class="card-title">
      {text}
      <button
        type="button"
        class="card-open-button"
        aria-expanded={isOpen}
        aria-label={`${isOpen ? close : open}: ${song.fileName}`}
        onClick={() => {
          openSong.value = isOpen ? undefined : song.id;
        }}
      />
    </div>
  );
}

function Actions({ song }: { readonly song: Separation }): JSX.Element {
  const { cancel, retry, remove, removeSure, nameOf } = words.value.song;
  const { id, fileName, status } = song;
  return (
    <div class="card-actions">
      {!isOver(status) && (
        <button
          type="button"
          aria-label={nameOf(cancel, fileName)}
          onClick={() => void attempt(id, () => cancelSong(id))}
        >
          {cancel}
        </button>
      )}
      {(status === 'failed' || status === 'cancelled') && (
        <button
          type="button"
          aria-label={nameOf(retry, fileName)}
          onClick={() => void attempt(id, () => separateAgain(song))}
        >
          <Icon name="retry" />
          {retry}
        </button>
      )}
      {isOver(status) && (
        <button
          type="button"
          class="quiet round"
          aria-label={nameOf(remove, fileName)}
          onClick={() => {
            if (confirm(removeSure(fileName))) void attempt(id, () => removeSong(id));
          }}
        >
          <Icon name="bin" />
        </button>
      )}
      {status === 'completed' && (
        <span class={openSong.value === id ? 'turn turned' : 'turn'}>
          <Icon name="chevron" />
        </span>
      )}
    </div>
  );
}

async function attempt(id: string, action: () => Promise<void>): Promise<void> {
  const others = [...refusals.value].filter(([other]) => other !== id);
  try {
    await action();
    refusals.value = new Map(others);
  } catch (error) {
    refusals.value = new Map([...others, [id, codeOf(error)]]);
  }
}

function stateOf({ status, queue, progress }: Separation): string {
  const { queued, waiting, stages, working } = words.value.song;
  if (status === 'processing') return working(stages[progress.stage], Math.floor(progress.percent));
  if (queue === undefined) return waiting;
  return queued(queue.position, queue.etaSeconds === null ? '' : span(queue.etaSeconds));
}

/** Tells when a song that was watched has ended, and opens its mixer where none is open. */
function useAnnouncedEnd({ id, fileName, status }: Separation): void {
  const before = useRef(status);
  useEffect(() => {
    const was = before.current;
    before.current = status;
    if (was === status || isOver(was)) return;
    const { completed, failed } = words.value.say;
    if (status === 'failed') announce(failed(fileName));
    if (status !== 'completed') return;
    announce(completed(fileName));
    openSong.value ??= id;
  }, [status]);
}
