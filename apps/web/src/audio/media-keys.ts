import type { Player } from './player.js';
import { SAMPLE_RATE } from './sources/stem-source.js';
import { silentWav } from './silent-wav.js';

/** browsers ignore very short media elements */
const SILENCE_SECONDS = 10;
const DEFAULT_SKIP_SECONDS = 10;

const ACTIONS = ['play', 'pause', 'seekbackward', 'seekforward'] as const;

/**
 * Connects the media keys and the lock screen. Browsers give them to media elements only, so a silent one plays
 * along with the mixer. @returns a function that disconnects them
 */
export function connectMediaKeys(player: Player, title: string): () => void {
  if (!('mediaSession' in navigator)) return () => undefined;
  const session = navigator.mediaSession;
  const url = URL.createObjectURL(new Blob([silentWav(SILENCE_SECONDS)], { type: 'audio/wav' }));
  const element = new Audio(url);
  element.loop = true;
  const skip = (seconds: number): void => {
    player.seek(player.position.value + seconds * SAMPLE_RATE);
  };
  session.metadata = new MediaMetadata({ title });
  session.setActionHandler('play', () => void player.play());
  session.setActionHandler('pause', () => {
    player.pause();
  });
  session.setActionHandler('seekbackward', ({ seekOffset }) => {
    skip(-(seekOffset ?? DEFAULT_SKIP_SECONDS));
  });
  session.setActionHandler('seekforward', ({ seekOffset }) => {
    skip(seekOffset ?? DEFAULT_SKIP_SECONDS);
  });
  const unsubscribe = player.isPlaying.subscribe((playing) => {
    session.playbackState = playing ? 'playing' : 'paused';
    // fails before the first click on the page; then there are no media keys either
    if (playing) element.play().catch(() => undefined);
    else element.pause();
  });
  return () => {
    unsubscribe();
    element.pause();
    for (const action of ACTIONS) session.setActionHandler(action, null);
    session.metadata = null;
    URL.revokeObjectURL(url);
  };
}
