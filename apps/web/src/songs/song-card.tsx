import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isTerminal, type Separation } from '../api/contract.js';
import { codeOf, isRetryable } from '../api/errors.js';
import { messages, stemName } from '../i18n/i18n.js';
import { formatDuration, formatTime } from '../i18n/units.js';
import { MixerView } from '../mixer/mixer-view.js';
import { usePreview } from '../mixer/preview/use-preview.js';
import { ErrorLine } from '../ui/error-line.js';
import { Icon } from '../ui/icons.js';
import { announce } from '../ui/live-region.js';
import { ProgressBar } from '../ui/progress-bar.js';
import { activeSongs, cancelSong, editedSong, editSong, isFullWindow, loadReceipt, nameOf } from './library.js';
import { openSong, removeSong, showSong, wantedSong } from './library.js';
import { tellReady } from './notifications.js';
import { FullWindowButton } from './full-window-button.js';
import { leaveFullWindow, toggleFullWindow } from './route.js';
import { Cover } from './cover.js';
import { secondsLeft } from './time-left.js';
import { separateAgain } from './upload/uploads.js';

/** code of the last failed action on each song */
const actionErrors = signal<ReadonlyMap<string, string>>(new Map());

const SHORTCUTS = { f: toggleFullWindow, Escape: leaveFullWindow };

interface SongProps {
  readonly song: Separation;
}

interface OpenableProps extends SongProps {
  /** it can be heard */
  readonly canOpen: boolean;
}

export function SongCard({ song }: SongProps): JSX.Element {
  useOutcome(song);
  const { cancelled, failed } = messages.value.song;
  const isChosen = openSong.value === song.id;
  const preview = usePreview(song, isChosen);
  // queued again after its worker was lost, it keeps what was heard
  const canOpen = song.status === 'completed' || (preview !== undefined && !isTerminal(song.status));
  const isOpen = isChosen && canOpen;
  const actionError = actionErrors.value.get(song.id);
  const lacksReceipt = isOpen && song.status === 'completed' && song.receipt === undefined;
  useEffect(() => {
    if (lacksReceipt) void attempt(song.id, () => loadReceipt(song.id));
  }, [lacksReceipt, song.id]);
  const isFull = isOpen && isFullWindow.value;
  const card = useRef<HTMLLIElement>(null);
  const isDrawn = isOpen && (song.receipt !== undefined || preview !== undefined);
  useEffect(() => {
    if (!isDrawn || wantedSong.value !== song.id) return;
    wantedSong.value = undefined;
    bringIntoView(card.current);
  }, [isDrawn, wantedSong.value]);
  useEffect(() => {
    // the list was away, or is away now
    if (isDrawn) bringIntoView(card.current);
  }, [isFull]);
  return (
    <li ref={card} class={['card', isOpen ? 'card-open' : '', isFull ? 'card-full' : ''].join(' ').trim()}>
      <div class="card-head">
        {song.links.cover !== undefined && <Cover path={song.links.cover} />}
        <Title song={song} canOpen={canOpen} />
        <Actions song={song} canOpen={canOpen} />
      </div>
      {!isTerminal(song.status) && (
        <>
          <ProgressBar label={nameOf(song)} percent={song.status === 'queued' ? 0 : song.progress.percent} />
          <p class="card-state">{stateText(song)}</p>
        </>
      )}
      {song.status === 'cancelled' && <p class="card-state">{cancelled}</p>}
      {song.error !== undefined && <ErrorLine intro={failed} code={song.error.code} />}
      {actionError !== undefined && <ErrorLine code={actionError} />}
      {isDrawn && (
        <MixerView
          song={song}
          preview={preview}
          shortcuts={SHORTCUTS}
          name={nameOf(song)}
          onEdit={(edit) => editSong(song.id, edit)}
        />
      )}
    </li>
  );
}

function Title({ song, canOpen }: OpenableProps): JSX.Element {
  const { open, close, nameOf: labelOf } = messages.value.song;
  const isOpen = openSong.value === song.id;
  const facts = [
    song.durationSeconds === undefined ? '' : formatTime(song.durationSeconds),
    // of an open song, the lanes tell
    isOpen && canOpen ? '' : song.stems.map(stemName).join(', '),
    song.model,
  ];
  return (
    <div class="card-title">
      <h3 dir="auto" title={song.fileName}>
        {nameOf(song)}
      </h3>
      <p class="card-facts">
        {song.tags?.artist !== undefined && (
          <>
            <bdi>{song.tags.artist}</bdi>
            {' · '}
          </>
        )}
        {facts.filter((fact) => fact !== '').join(' · ')}
      </p>
      {canOpen && (
        <button
          type="button"
          class="card-open-button"
          aria-expanded={isOpen}
          aria-label={labelOf(isOpen ? close : open, nameOf(song))}
          onClick={() => {
            if (isOpen) openSong.value = undefined;
            else showSong(song.id);
          }}
        />
      )}
    </div>
  );
}

function Actions({ song, canOpen }: OpenableProps): JSX.Element {
  const { cancel, edit, retry, remove, confirmRemoval, nameOf: labelOf } = messages.value.song;
  const { id, status, error } = song;
  const name = nameOf(song);
  const canRetry = status === 'cancelled' || (error !== undefined && isRetryable(error.code));
  return (
    <div class="card-actions">
      {!isTerminal(status) && (
        <button type="button" aria-label={labelOf(cancel, name)} onClick={() => void attempt(id, () => cancelSong(id))}>
          {cancel}
        </button>
      )}
      {canRetry && (
        <button
          type="button"
          aria-label={labelOf(retry, name)}
          onClick={() => void attempt(id, () => separateAgain(song))}
        >
          <Icon name="retry" />
          <span class="wide-only">{retry}</span>
        </button>
      )}
      <button
        type="button"
        class="quiet round"
        aria-label={labelOf(edit, name)}
        onClick={() => {
          editedSong.value = id;
        }}
      >
        <Icon name="pen" />
      </button>
      {isTerminal(status) && (
        <button
          type="button"
          class="quiet round"
          aria-label={labelOf(remove, name)}
          onClick={() => {
            if (confirm(confirmRemoval(name))) void attempt(id, () => removeSong(id));
          }}
        >
          <Icon name="bin" />
        </button>
      )}
      {canOpen && openSong.value === id && <FullWindowButton song={name} />}
      {canOpen && (
        <span class={openSong.value === id ? 'chevron chevron-up' : 'chevron'}>
          <Icon name="chevron" />
        </span>
      )}
    </div>
  );
}

/** Runs an action on a song, and shows its error on the song's card. */
async function attempt(id: string, action: () => Promise<void>): Promise<void> {
  const others = [...actionErrors.value].filter(([other]) => other !== id);
  try {
    await action();
    actionErrors.value = new Map(others);
  } catch (error) {
    actionErrors.value = new Map([...others, [id, codeOf(error)]]);
  }
}

function stateText({ id, status, queue, progress }: Separation): string {
  const { percent, song } = messages.value;
  if (status === 'processing') {
    // a worker prepares one song ahead
    if (progress.stage === 'decode' && isAnotherSeparated(id)) return song.prepared;
    const left = secondsLeft(id, progress);
    const facts = [song.stages[progress.stage], percent(Math.floor(progress.percent))];
    return [...facts, ...(left === undefined ? [] : [song.eta(formatDuration(left))])].join(', ');
  }
  if (queue === undefined) return song.waiting;
  const { position, etaSeconds, workers } = queue;
  // workers that scale with the queue start when a song comes
  if (workers === 0) return `${song.queued(position)}, ${song.noWorker}`;
  return etaSeconds === null
    ? song.queued(position)
    : `${song.queued(position)}, ${song.eta(formatDuration(etaSeconds))}`;
}

function isAnotherSeparated(id: string): boolean {
  return activeSongs.value.some((song) => song.id !== id && song.progress.stage === 'separate');
}

/** Scrolls if a part of the card is outside the window. */
function bringIntoView(card: HTMLLIElement | null): void {
  const place = card?.getBoundingClientRect();
  if (place === undefined || (place.top >= 0 && place.bottom <= window.innerHeight)) return;
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
  card?.scrollIntoView({ block: 'start', behavior: isStill ? 'instant' : 'smooth' });
}

/**
 * Announces the outcome of a song that ends while the page shows it. Opens its mixer as soon as it can be heard, if none
 * is open; once, because the user may have closed it since.
 */
function useOutcome(song: Separation): void {
  const { id, status, progress } = song;
  const isSeparated = status === 'processing' && progress.stage === 'separate';
  const isOpen = openSong.value === id;
  const wasOpen = useRef(false);
  const before = useRef(status);
  const offerMixer = (): void => {
    if (!wasOpen.current) openSong.value ??= id;
  };
  useEffect(() => {
    if (isOpen) wasOpen.current = true;
  }, [isOpen]);
  useEffect(() => {
    const previous = before.current;
    before.current = status;
    if (isTerminal(previous)) return;
    const { completed, failed } = messages.value.announcements;
    if (status === 'failed') announce(failed(nameOf(song)));
    if (isTerminal(status) && status !== 'completed' && openSong.value === id) openSong.value = undefined;
    if (status !== 'completed') return;
    announce(completed(nameOf(song)));
    // the page tells it too
    tellReady(song).catch(() => undefined);
    offerMixer();
  }, [status]);
  useEffect(() => {
    if (isSeparated) offerMixer();
  }, [isSeparated]);
}
