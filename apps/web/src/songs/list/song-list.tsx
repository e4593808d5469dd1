import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { codeOf } from '../../api/errors.js';
import { messages } from '../../i18n/i18n.js';
import { ErrorLine } from '../../ui/error-line.js';
import { isOffline, listError, loadSongs, nextCursor, songs } from '../library.js';
import { ListTools } from './list-tools.js';
import { SongCard } from '../song-card.js';
import { shownSongs } from './song-order.js';
import { UploadCard } from '../upload/upload-card.js';
import { uploads } from '../upload/uploads.js';

const isLoading = signal(false);

export function SongList(): JSX.Element {
  const { heading, empty, noneFound, more, loading } = messages.value.list;
  const isEmpty = nextCursor.value === null && songs.value.length === 0 && uploads.value.length === 0;
  const errorCode = listError.value === undefined ? undefined : codeOf(listError.value);
  return (
    <section id="songs" class="songs" aria-labelledby="songs-heading" tabIndex={-1}>
      <div class="songs-head">
        <h2 id="songs-heading">{heading}</h2>
        <ListTools />
      </div>
      {isOffline.value && (
        <p class="notice" role="status">
          {messages.value.song.offline}
        </p>
      )}
      <ul class="cards">
        {uploads.value.map((upload) => (
          <UploadCard key={`upload-${upload.key}`} upload={upload} />
        ))}
        {shownSongs.value.map((song) => (
          <SongCard key={song.id} song={song} />
        ))}
      </ul>
      {isEmpty && <p class="empty">{empty}</p>}
      {songs.value.length > 0 && shownSongs.value.length === 0 && <p class="empty">{noneFound}</p>}
      {errorCode !== undefined && <ErrorLine code={errorCode} />}
      {typeof nextCursor.value === 'string' && (
        <button type="button" class="more" disabled={isLoading.value} onClick={() => void loadMore()}>
          {isLoading.value ? loading : more}
        </button>
      )}
    </section>
  );
}

async function loadMore(): Promise<void> {
  isLoading.value = true;
  await loadSongs();
  isLoading.value = false;
}
