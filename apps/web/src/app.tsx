import { effect, signal, untracked } from '@preact/signals';
import type { SeparationId } from '@app/separations';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { accessKey, keyIsWanted } from './api/access-key.js';
import { isDemoOnly, loadModels } from './songs/upload-options.js';
import { loadSongs, nextCursor, openById, openSong } from './songs/library.js';
import { watchSongs } from './songs/live-updates.js';
import { AddSongs } from './songs/add-songs.js';
import { Announcer } from './ui/live-region.js';
import { watchClicks } from './ui/pointer-focus.js';
import { HelpSheet } from './mixer/shortcuts-dialog.js';
import { KeyDialog } from './page/key-dialog.js';
import { PageHead } from './page/page-head.js';
import { SongList } from './songs/song-list.js';
import { showProgressInTab } from './songs/tab-progress.js';
import { language, words } from './i18n/i18n.js';

/** whether the server has told what the page shows: it is drawn then, at once and in its place */
const isKnown = signal(false);

/** a slow server is not waited for any longer */
const LONGEST_WAIT_MS = 1500;

export function App(): JSX.Element {
  useEffect(begin, []);
  const { skip, demoNotice } = words.value;
  return (
    <>
      <a class="skip" href="#songs">
        {skip}
      </a>
      <PageHead />
      <main>
        {isKnown.value && (
          <>
            {isDemoOnly.value && <p class="notice">{demoNotice}</p>}
            <AddSongs />
            <SongList />
          </>
        )}
      </main>
      <Announcer />
      <HelpSheet />
      <KeyDialog />
    </>
  );
}

function begin(): () => void {
  watchSongs();
  const stops = [
    effect(() => {
      document.documentElement.lang = language.value;
    }),
    // loads at the start, and once more with each new key
    effect(() => {
      if (accessKey.value !== '') untracked(() => void load());
    }),
    effect(() => {
      const hash = openSong.value === undefined ? location.pathname : `#${openSong.value}`;
      if (nextCursor.value !== undefined) history.replaceState(null, '', hash);
    }),
    showProgressInTab(),
    watchClicks(),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

async function load(): Promise<void> {
  const linked = location.hash.slice(1);
  const late = setTimeout(() => {
    isKnown.value = true;
  }, LONGEST_WAIT_MS);
  await Promise.allSettled([loadModels(), loadSongs()]);
  // a link may be old: then the list is all there is
  if (!keyIsWanted.value && linked.startsWith('sep_')) await openById(linked as SeparationId).catch(() => undefined);
  clearTimeout(late);
  isKnown.value = true;
}
