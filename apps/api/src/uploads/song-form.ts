import type { Readable } from 'node:stream';
import type { Request } from 'express';
import type { StagedFile } from './stage-file.js';
import type { UploadLimits } from './upload-body.js';

/** Stores the song while it arrives. The stream fails when the form does. */
export type StoreFile<Stored> = (file: Readable, fileName: string) => Promise<Stored>;

export interface UploadForm<Stored> {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: Stored | undefined;
}

/** How the body of a request carries a song and its options. */
export interface SongForm {
  /** Refuses a request by its headers, before any of the body is read. @throws ProblemError */
  checkHead(request: Request, maxBytes: number): void;
  /** @throws ProblemError, or an error that `uploadProblem` knows */
  read(request: Request, limits: UploadLimits, store: StoreFile<StagedFile>): Promise<UploadForm<StagedFile>>;
}
