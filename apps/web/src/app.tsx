import { effect, signal, untracked } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { accessKey, needsAccessKey } from './api/access-key.js';
import { language, messages } from './i18n/i18n.js';
import { ShortcutsDialog } from './mixer/shortcuts-dialog.js';
import { HttpNotice } from './page/http-notice.js';
import { KeyDialog } from './page/key-dialog.js';
import { PageHead } from './page/page-head.js';
import { AddSongs } from './songs/upload/add-songs.js';
import { EditDialog } from './songs/edit-dialog.js';
import { loadSongs } from './songs/library.js';
import { startLiveUpdates } from './songs/live-updates.js';
import { followRoute, keepRoute } from './songs/route.js';
import { SongList } from './songs/list/song-list.js';
import { showProgressInTab } from './songs/tab-progress.js';
import { isDemoOnly, loadModels } from './songs/upload/upload-options.js';
import { guardUploads } from './songs/upload/uploads.js';
import { LiveRegion } from './ui/live-region.js';
import { trackPointerFocus } from './ui/pointer-focus.js';

/** the first load is over: everything is drawn at once, and nothing shifts */
const isReady = signal(false);

/** draw without a slow server's answers after this */
const MAX_WAIT_MS = 1500;

export function App(): JSX.Element {
  useEffect(start, []);
  const { skip, demoNotice } = messages.value;
  return (
    <>
      <a class="skip" href="#songs">
        {skip}
      </a>
      <PageHead />
      <main>
        {isReady.value && (
          <>
            {isDemoOnly.value && <p class="notice">{demoNotice}</p>}
            <HttpNotice />
            <AddSongs />
            <SongList />
          </>
        )}
      </main>
      <LiveRegion />
      <EditDialog />
      <ShortcutsDialog />
      <KeyDialog />
    </>
  );
}

function start(): void {
  startLiveUpdates();
  showProgressInTab();
  trackPointerFocus();
  effect(() => {
    document.documentElement.lang = language.value;
  });
  // loads at the start, and again with each new key
  effect(() => {
    if (accessKey.value !== '') untracked(() => void load());
  });
  keepRoute();
  guardUploads();
}

async function load(): Promise<void> {
  const timer = setTimeout(() => {
    isReady.value = true;
  }, MAX_WAIT_MS);
  await Promise.allSettled([loadModels(), loadSongs()]);
  if (!needsAccessKey.value) await followRoute();
  clearTimeout(timer);
  isReady.value = true;
}
