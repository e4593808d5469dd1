import { toPcm, wavHeader } from './wav-file.js';

/** browsers give the keys to media elements only, and not to very short ones */
const SILENCE_SECONDS = 10;
const SILENCE_RATE = 8000;

export interface MediaKeys {
  readonly title: string;
  readonly onPlay: () => void;
  readonly onPause: () => void;
  /** @param seconds forwards, or below 0 back */
  readonly onSkip: (seconds: number) => void;
}

/** Media keys and the lock screen: a silent element stands for the mixer, which browsers do not see as media. */
export class MediaSessionKeys {
  private readonly url: string;
  private readonly element: HTMLAudioElement;

  constructor(keys: MediaKeys) {
    const samples = SILENCE_SECONDS * SILENCE_RATE;
    const { pcm } = toPcm(new Float32Array(samples), new Float32Array(samples));
    this.url = URL.createObjectURL(new Blob([wavHeader(samples, SILENCE_RATE), pcm], { type: 'audio/wav' }));
    this.element = new Audio(this.url);
    this.element.loop = true;
    const session = navigator.mediaSession;
    session.metadata = new MediaMetadata({ title: keys.title });
    session.setActionHandler('play', keys.onPlay);
    session.setActionHandler('pause', keys.onPause);
    session.setActionHandler('seekbackward', ({ seekOffset }) => {
      keys.onSkip(-(seekOffset ?? 10));
    });
    session.setActionHandler('seekforward', ({ seekOffset }) => {
      keys.onSkip(seekOffset ?? 10);
    });
  }

  setPlaying(playing: boolean): void {
    navigator.mediaSession.playbackState = playing ? 'playing' : 'paused';
    // refused where the page has not been touched yet: then there are no keys either
    if (playing) this.element.play().catch(() => undefined);
    else this.element.pause();
  }

  close(): void {
    this.element.pause();
    for (const action of ['play', 'pause', 'seekbackward', 'seekforward'] as const) {
      navigator.mediaSession.setActionHandler(action, null);
    }
    navigator.mediaSession.metadata = null;
    URL.revokeObjectURL(this.url);
  }
}
