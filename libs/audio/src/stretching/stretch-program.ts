// a process of its own: a song takes seconds of one core
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pipeline } from 'node:stream/promises';
import { findStretchLibrary } from '@app/stretch';
import { stretchLanes, type Stretching } from './stretch-lanes.js';

const source = createRequire(import.meta.url).resolve('signalsmith-stretch');
const library = findStretchLibrary(readFileSync(source, 'utf8'));
const stretching = JSON.parse(process.argv[2] ?? '') as Stretching;
await pipeline(
  process.stdin,
  (input: AsyncIterable<Buffer>) => stretchLanes(input, library, stretching),
  process.stdout,
);
