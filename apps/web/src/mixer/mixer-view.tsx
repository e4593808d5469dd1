import { useComputed, useSignal } from '@preact/signals';
import type { Separation } from '@app/separations';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { MediaSessionKeys } from '../audio/media-keys.js';
import type { Player } from '../audio/player.js';
import { SAMPLE_RATE } from '../audio/sources/stem-source.js';
import { api, type Waveform } from '../api/client.js';
import { codeOf } from '../api/errors.js';
import { ErrorLine } from '../ui/error-line.js';
import { explain, words } from '../i18n/i18n.js';
import { listenToKeys } from './keyboard-shortcuts.js';
import { LaneView } from './lane-view.js';
import { createPlayer, lanesOf } from './create-player.js';
import { ReceiptView } from './receipt-view.js';
import { Ruler } from './timeline/ruler.js';
import { TakeAway } from './downloads/downloads.js';
import { TransportBar } from './transport-bar.js';

/** peak from which on a song counts as sound, of 127 */
const QUIETEST = 8;

/** The open mixer of a song: all of its sound is let go when it closes. */
export function MixerView({ song }: { readonly song: Separation }): JSX.Element {
  const player = useMemo(() => createPlayer(song), [song.id]);
  const root = useRef<HTMLDivElement>(null);
  const chosen = useSignal(0);
  const waveform = useSignal<Waveform | undefined>(undefined);
  const stems = lanesOf(song);
  // a quiet song fills its lanes too
  const highest = useComputed(() => Math.max(QUIETEST, ...Object.values(waveform.value?.stems ?? {}).flat()));
  // with the page and not after it: a key pressed at once must not go to the button that opened the mixer
  useLayoutEffect(() => {
    const stops = [
      listenToKeys(player, stems, chosen),
      showPosition(player, root.current),
      connectMediaKeys(player, song.fileName),
    ];
    api.waveform(song.id).then(
      (peaks) => {
        waveform.value = peaks;
      },
      // the mixer works without pictures
      () => undefined,
    );
    return () => {
      for (const stop of stops) stop();
      void player.close();
    };
  }, [player]);
  const failure = player.failure.value;
  return (
    <div class="mixer" ref={root}>
      <TransportBar player={player} />
      {failure !== undefined && (
        <ErrorLine text={`${words.value.mixer.failed} ${explain(codeOf(failure))}`} code={codeOf(failure)} />
      )}
      <div class={player.hearsOriginal.value ? 'lanes lanes-off' : 'lanes'}>
        <Ruler player={player} />
        {stems.map((stem, index) => (
          <LaneView
            key={stem}
            player={player}
            stem={stem}
            index={index}
            isChosen={chosen.value === index}
            onChoose={() => {
              chosen.value = index;
            }}
            peaks={waveform.value?.stems[stem]}
            highest={highest.value}
          />
        ))}
      </div>
      <TakeAway song={song} player={player} />
      <ReceiptView song={song} />
    </div>
  );
}

/** Moves the playheads and the meters with each picture, beside the components: they need not be made anew for it. */
function showPosition(player: Player, root: HTMLElement | null): () => void {
  let request = 0;
  const meters = root === null ? [] : Array.from(root.querySelectorAll<HTMLElement>('.meter-fill'));
  const levels = meters.map(() => 0);
  const draw = (): void => {
    player.tick();
    root?.style.setProperty('--at', String(player.position.value / player.samples));
    meters.forEach((meter, index) => {
      const peak = player.isPlaying.value ? (player.peaks[index] ?? 0) : 0;
      const level = Math.max(Math.min(1, peak), (levels[index] ?? 0) * 0.9);
      levels[index] = level < 0.001 ? 0 : level;
      meter.style.transform = `scaleX(${Math.sqrt(levels[index] ?? 0)})`;
    });
    request = requestAnimationFrame(draw);
  };
  draw();
  return () => {
    cancelAnimationFrame(request);
  };
}

function connectMediaKeys(player: Player, title: string): () => void {
  if (!('mediaSession' in navigator)) return () => undefined;
  const keys = new MediaSessionKeys({
    title,
    onPlay: () => void player.play(),
    onPause: () => {
      player.pause();
    },
    onSkip: (seconds) => {
      player.seek(player.position.value + seconds * SAMPLE_RATE);
    },
  });
  const stop = player.isPlaying.subscribe((playing) => {
    keys.setPlaying(playing);
  });
  return () => {
    stop();
    keys.close();
  };
}
