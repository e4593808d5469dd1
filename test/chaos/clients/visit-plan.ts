import type { Random } from '../random.js';

/** What a client does after its upload. */
export const INTENTS = [
  'keep',
  'cancel',
  'cancel and send again',
  'delete',
  'delete and send again',
  'send what is not a song',
  'go away while sending',
] as const;
export type Intent = (typeof INTENTS)[number];

/** the intents of 20 visits; the first 12 have each of them */
const DECK: readonly Intent[] = [
  ...(['keep', 'cancel', 'keep', 'delete', 'keep', 'cancel and send again', 'keep'] as const),
  ...(['send what is not a song', 'keep', 'delete and send again', 'keep', 'go away while sending'] as const),
  ...(['keep', 'cancel', 'keep', 'delete', 'keep', 'cancel', 'keep', 'keep'] as const),
];

/** One upload and what follows, as the seed decides it. */
export interface Visit {
  readonly number: number;
  /** milliseconds after the faults begin */
  readonly atMs: number;
  /** place in the library; of the refused files where the intent says so */
  readonly song: number;
  /** name of the access key */
  readonly owner: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly intent: Intent;
  /** whether the client listens to the event stream */
  readonly follows: boolean;
  /** before it cancels, ms */
  readonly hesitatesMs: number;
  /** what it downloads when the song is completed */
  readonly downloads: readonly string[];
}

export const OWNERS = ['ada', 'ben', 'cleo'] as const;

/** what is part of a separation's id; shifts make a song last longer */
const OPTIONS: readonly Readonly<Record<string, string>>[] = [
  {},
  { stems: 'vocals' },
  { shifts: '2' },
  { stems: 'drums,bass', overlap: '0.1' },
];

const DOWNLOADS = ['flac', 'mp3', 'wav', 'archive', 'mix', 'waveform', 'input', 'original'];

export interface PlanSize {
  readonly visits: number;
  readonly songs: number;
  readonly refused: number;
  readonly durationMs: number;
}

/**
 * Spreads the visits over the time. Every intent comes up, and about a sixth are equal uploads of a song that another
 * client keeps. A song that is cancelled or deleted has one client only, which knows what must become of it.
 */
export function planVisits({ visits, songs, refused, durationMs }: PlanSize, random: Random): Visit[] {
  const intents = random.shuffle(Array.from({ length: visits }, (_, number) => intentOf(number)));
  const combinations = random.shuffle(
    OWNERS.flatMap((owner) =>
      Array.from({ length: songs }, (_, song) => song).flatMap((song) =>
        OPTIONS.map((fields) => ({ owner, song, fields })),
      ),
    ),
  );
  const kept: (typeof combinations)[number][] = [];
  return intents.map((intent, number) => {
    const equal = intent === 'keep' && kept.length > 0 && random.chance(0.25);
    const { owner, song, fields } = equal ? random.pick(kept) : (combinations.pop() ?? random.pick(kept));
    if (intent === 'keep' && !equal) kept.push({ owner, song, fields });
    return {
      number,
      atMs: Math.round(random.between(0, durationMs * 0.9)),
      song: intent === 'send what is not a song' ? random.below(refused) : song,
      owner,
      fields: { ...fields, ...(random.chance(0.3) ? { formats: 'flac,mp3' } : {}) },
      intent,
      follows: random.chance(0.6),
      hesitatesMs: Math.round(random.between(0, 3000)),
      downloads: random.shuffle(DOWNLOADS).slice(0, 1 + random.below(3)),
    };
  });
}

function intentOf(number: number): Intent {
  return DECK[number % DECK.length] ?? 'keep';
}
