import type { JobState } from '@app/queue';
import {
  contentVersion,
  findStemFile,
  findWaveform,
  FORMATS,
  MASTER_FORMAT,
  publicText,
  type Failure,
  type Format,
  type Links,
  type Manifest,
  type Separation,
  type SeparationId,
  type StemName,
} from '@app/separations';
import { endingOf, needsRun, type StoredSeparation } from '@app/separation-store';
import { titleOf } from './title.js';

type Status = Pick<Separation, 'status' | 'progress' | 'startedAt' | 'finishedAt' | 'queue' | 'error' | 'receipt'>;

/**
 * The resource as clients see it. If it has not ended, its status comes from its job. Without a job it shows as queued
 * until the reconciler queues it again.
 */
export function separationView(stored: StoredSeparation, job: JobState | undefined, lost?: Failure): Separation {
  const { request, manifest, damage } = stored;
  const isUnknown = damage?.document === 'request';
  const status = statusOf(stored, job, lost);
  return {
    id: request.id,
    createdAt: request.createdAt,
    title: titleOf(stored),
    fileName: request.fileName,
    ...(isUnknown ? {} : { durationSeconds: manifest?.input.durationSeconds ?? request.durationSeconds }),
    model: request.model,
    stems: request.stems,
    formats: request.formats,
    ...status,
    ...(request.priority && { priority: request.priority }),
    ...(manifest?.input.tags && { tags: manifest.input.tags }),
    ...(request.own && { own: request.own }),
    links: isUnknown ? { self: selfLink(request.id) } : linksOf(stored, status.status),
  };
}

function statusOf(stored: StoredSeparation, job: JobState | undefined, lost?: Failure): Status {
  const ending = job !== undefined && needsRun(stored) ? undefined : endingOf(stored);
  const nothing = { percent: 0, stage: 'queued' } as const;
  if (ending?.status === 'completed') {
    const { startedAt, finishedAt } = ending.manifest;
    const progress = { percent: 100, stage: 'done' } as const;
    return { status: 'completed', progress, startedAt, finishedAt, receipt: ending.manifest };
  }
  if (ending?.status === 'cancelled') return { status: 'cancelled', progress: nothing, finishedAt: ending.at };
  if (ending?.status === 'failed') {
    return { status: 'failed', progress: nothing, finishedAt: ending.at, error: shown(ending.failure) };
  }
  if (job?.status === 'processing') {
    return { status: 'processing', progress: job.progress, startedAt: job.startedAt };
  }
  if (job === undefined && lost !== undefined) return { status: 'failed', progress: nothing, error: shown(lost) };
  if (job === undefined) return { status: 'queued', progress: nothing };
  const { position, etaSeconds, workers } = job;
  return { status: 'queued', progress: nothing, queue: { position, etaSeconds, workers } };
}

/** Failures that earlier versions stored may name files of the worker. */
function shown({ code, message }: Failure): Failure {
  return { code, message: publicText(message) };
}

export function selfLink(id: SeparationId): string {
  return `/v1/separations/${id}`;
}

/** A file that the manifest or the request tells the sha256 of has it in its link, and may be cached for ever. */
function linksOf(
  { request: { id, stems, inputSha256 }, manifest }: StoredSeparation,
  status: Separation['status'],
): Links {
  const self = selfLink(id);
  const always = { self, events: `${self}/events`, input: `${self}/input${version(inputSha256)}` };
  if (status === 'queued' || status === 'processing') return { ...always, cancel: `${self}/cancel` };
  if (status !== 'completed' || manifest === undefined) return always;
  const linkOf = (stem: StemName, format: Format): string =>
    `${self}/stems/${stem}.${format}${version(sha256Of(manifest, stem, format))}`;
  const files = stems.map((stem) => [stem, ofEachFormat((format) => linkOf(stem, format))] as const);
  return {
    ...always,
    stems: Object.fromEntries(files),
    original: `${self}/original.flac${version(manifest.original?.sha256)}`,
    mix: ofEachFormat((format) => `${self}/mix.${format}`),
    archive: `${self}/archive.zip`,
    ...(manifest.cover && { cover: `${self}/cover${version(manifest.cover.sha256)}` }),
    waveform: `${self}/waveform${version(findWaveform(manifest)?.sha256)}`,
    analysis: `${self}/analysis`,
  };
}

function ofEachFormat(linkOf: (format: Format) => string): Record<Format, string> {
  return Object.fromEntries(FORMATS.map((format) => [format, linkOf(format)])) as Record<Format, string>;
}

function sha256Of(manifest: Manifest, stem: StemName, format: Format): string | undefined {
  if (format !== MASTER_FORMAT) return findStemFile(manifest, stem, format)?.sha256;
  return manifest.stems.find(({ name }) => name === stem)?.sha256;
}

function version(sha256: string | undefined): string {
  return sha256 === undefined ? '' : `?v=${contentVersion(sha256)}`;
}
