import type { JSX } from 'preact';
import { messages } from '../../i18n/i18n.js';
import { nextCursor, songs } from '../library.js';
import { NotifyButton } from './notify-button.js';
import { loadAllSongs, order, ORDERS, query, shownSongs } from './song-order.js';

/** fewer songs are seen at once */
const MIN_SONGS = 4;

/** Search and order of the list. */
export function ListTools(): JSX.Element {
  const { search, found, orderBy, orders } = messages.value.list;
  const isLong = songs.value.length >= MIN_SONGS || typeof nextCursor.value === 'string' || query.value !== '';
  return (
    <div class="list-tools">
      <NotifyButton />
      {isLong && (
        <>
          <input
            type="search"
            value={query.value}
            placeholder={search}
            aria-label={search}
            onInput={({ currentTarget }) => {
              query.value = currentTarget.value;
              void loadAllSongs();
            }}
          />
          <select
            value={order.value}
            aria-label={orderBy}
            onChange={({ currentTarget }) => {
              order.value = ORDERS.find((one) => one === currentTarget.value) ?? 'newest';
              void loadAllSongs();
            }}
          >
            {ORDERS.map((one) => (
              <option key={one} value={one}>
                {orders[one]}
              </option>
            ))}
          </select>
        </>
      )}
      <p class="visually-hidden" role="status">
        {query.value === '' ? '' : found(shownSongs.value.length)}
      </p>
    </div>
  );
}
