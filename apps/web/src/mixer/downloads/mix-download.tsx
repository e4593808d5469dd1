import type { Change } from '@app/stretch';
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { mixPath } from '../../api/client.js';
import type { Format, SeparationId } from '../../api/contract.js';
import { audibleLevels } from '../../audio/levels.js';
import { isChanged } from '../../audio/mixing/voice.js';
import type { Player } from '../../audio/player.js';
import { messages } from '../../i18n/i18n.js';
import { Icon } from '../../ui/icons.js';
import { announce } from '../../ui/live-region.js';
import { fetchAndSave } from './save-file.js';

interface MixDownloadProps {
  readonly id: SeparationId;
  readonly stems: readonly string[];
  readonly player: Player;
  readonly format: Format;
  readonly change: Change;
  readonly onError: (reason: unknown) => void;
}

/** dB above full scale from which clipping is audible */
const AUDIBLE_DB = 0.1;

/** Downloads the current mix, which the server renders from the audible levels. */
export function MixDownload({ id, stems, player, format, change, onError }: MixDownloadProps): JSX.Element {
  const { percent } = messages.value;
  const { mix, mixHint, rendering, downloading, clipped, silent, saved } = messages.value.downloads;
  /** received fraction: 0 while the server renders, undefined when idle */
  const fraction = useSignal<number | undefined>(undefined);
  const peakDb = useSignal(0);
  const unmounted = useMemo(() => new AbortController(), [id]);
  useEffect(
    () => () => {
      unmounted.abort();
    },
    [unmounted],
  );
  const levels = audibleLevels(stems, player.lanes.value);
  const download = async (): Promise<void> => {
    fraction.value = 0;
    onError(undefined);
    try {
      const headers = await fetchAndSave(mixPath(id, { levels, change }, format), {
        signal: unmounted.signal,
        onProgress: (received) => {
          fraction.value = received;
        },
      });
      peakDb.value = Number(headers.get('x-peak-db') ?? 0);
      announce(saved);
    } catch (reason) {
      if (!unmounted.signal.aborted) onError(reason);
    } finally {
      fraction.value = undefined;
    }
  };
  const name = isChanged(change) ? changedMixName(change) : mix;
  const progress = fraction.value === undefined ? undefined : Math.floor(fraction.value * 100);
  return (
    <>
      <button
        type="button"
        class="primary"
        disabled={levels.size === 0 || progress !== undefined}
        title={levels.size === 0 ? silent : mixHint}
        onClick={() => void download()}
      >
        <Icon name="down" />
        <span class="steady" data-longest={downloading(percent(100))}>
          {progress === undefined ? name : progress === 0 ? rendering : downloading(percent(progress))}
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

function changedMixName({ speed, semitones }: Change): string {
  const { percent, mixer, downloads } = messages.value;
  const changes = [
    ...(speed === 1 ? [] : [percent(Math.round(speed * 100))]),
    ...(semitones === 0 ? [] : [mixer.semitonesLong(semitones)]),
  ];
  return downloads.mixAt(changes.join(', '));
}
