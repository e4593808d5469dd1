import { useSignal } from '@preact/signals';
import type { Format, Separation } from '@app/separations';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { mixPath } from '../../api/client.js';
import { laneLevels } from '../../audio/levels.js';
import type { LaneLevel } from '../../audio/worklet/mix-bus.js';
import type { Player } from '../../audio/player.js';
import { announce } from '../../ui/live-region.js';
import { Icon } from '../../ui/icons.js';
import { words } from '../../i18n/i18n.js';
import { fetchAndSave } from './save-file.js';
import { lanesOf } from '../create-player.js';

interface MixDownloadProps {
  readonly song: Separation;
  readonly player: Player;
  readonly format: Format;
  readonly onError: (reason: unknown) => void;
}

/** dB above full scale from which cut-off peaks can be heard */
const AUDIBLE_DB = 0.1;

/** The mix as it is set now: the server adds the stems up by the levels that are heard. */
export function MixDownload({ song, player, format, onError }: MixDownloadProps): JSX.Element {
  const { mix, mixHint, rendering, fetching, clipped, silent, saved } = words.value.take;
  /** share that has come; 0 while the server renders, undefined when there is nothing to wait for */
  const share = useSignal<number | undefined>(undefined);
  const peakDb = useSignal(0);
  const gone = useMemo(() => new AbortController(), [song.id]);
  useEffect(
    () => () => {
      gone.abort();
    },
    [gone],
  );
  const levels = heardLevels(song, player);
  const take = async (): Promise<void> => {
    share.value = 0;
    onError(undefined);
    try {
      const headers = await fetchAndSave(mixPath(song.id, levels, format), {
        signal: gone.signal,
        onProgress: (done) => {
          share.value = done;
        },
      });
      peakDb.value = Number(headers.get('x-peak-db') ?? 0);
      announce(saved);
    } catch (reason) {
      if (!gone.signal.aborted) onError(reason);
    } finally {
      share.value = undefined;
    }
  };
  const percent = share.value === undefined ? undefined : Math.floor(share.value * 100);
  return (
    <>
      <button
        type="button"
        class="primary"
        disabled={levels.size === 0 || percent !== undefined}
        title={levels.size === 0 ? silent : mixHint}
        onClick={() => void take()}
      >
        <Icon name="down" />
        <span class="steady" data-longest={fetching(100)}>
          {percent === undefined ? mix : percent === 0 ? rendering : fetching(percent)}
        </span>
      </button>
      {peakDb.value > AUDIBLE_DB && (
        <p class="hint" role="status">
          {clipped(peakDb.value)}
        </p>
      )}
    </>
  );
}

function heardLevels(song: Separation, player: Player): ReadonlyMap<string, LaneLevel> {
  const levels = laneLevels(player.lanes.value);
  return new Map(
    lanesOf(song).flatMap((stem, lane) => {
      const level = levels[lane];
      return level === undefined || (level.left === 0 && level.right === 0) ? [] : [[stem, level]];
    }),
  );
}
