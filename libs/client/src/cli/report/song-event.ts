/** What happens to a song, in the order of its life; `--json` prints them. */
export type SongEvent =
  | { readonly event: 'uploading'; readonly song: string; readonly sentBytes: number; readonly bytes: number }
  | {
      readonly event: 'queued';
      readonly song: string;
      readonly id: string;
      readonly position: number | null;
      readonly etaSeconds: number | null;
    }
  | {
      readonly event: 'processing';
      readonly song: string;
      readonly id: string;
      readonly stage: string;
      readonly percent: number;
      readonly etaSeconds: number | null;
    }
  /** the server is busy or does not answer; the song waits */
  | { readonly event: 'away'; readonly song: string; readonly message: string }
  | {
      readonly event: 'written';
      readonly song: string;
      readonly id: string;
      readonly model: string;
      readonly folder: string;
      readonly files: readonly string[];
    }
  | { readonly event: 'skipped'; readonly song: string; readonly reason: string }
  | { readonly event: 'failed'; readonly song: string; readonly code: string; readonly message: string };

/** The last one of a run. */
export interface EndEvent {
  readonly event: 'end';
  readonly written: number;
  readonly skipped: number;
  readonly failed: number;
}

export interface Reporter {
  report(event: SongEvent): void;
  /** something of no song, such as a folder that cannot be read */
  note(message: string): void;
  end(event: EndEvent): void;
}
